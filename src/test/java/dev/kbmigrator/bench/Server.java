package dev.kbmigrator.bench;

import java.util.Map;

/** A database server of the benchmark's own, with durable settings. */
interface Server extends AutoCloseable {

    /** A new, empty database. */
    BenchDatabase newDatabase(String name) throws Exception;

    /** A new database that holds what another one holds, in the same layout as far as the server allows; nobody uses that one. */
    BenchDatabase copyOf(BenchDatabase seed, String name) throws Exception;

    /** After what a contender prepared, and before what is measured: every run starts on the same footing. */
    void settle(BenchDatabase database) throws Exception;

    /** The settings on which it rests that a commit outlives a crash, as the server shows them. */
    Map<String, String> durability(BenchDatabase database) throws Exception;

    /** What the server has counted for a database so far, by the figure's name; only differences mean something. */
    Map<String, Double> counters(BenchDatabase database) throws Exception;

    /** The processor time that the server's processes, as they are now, have used so far. */
    double cpuSeconds();

    /** Removes a database. */
    void drop(BenchDatabase database) throws Exception;

    @Override
    void close();
}
