package dev.kbmigrator.bench;

/**
 * One way to bring every tenant to the next version, as the benchmark measures it: made and prepared in a JVM of its own, then
 * run once.
 */
interface Contender {

    /** What the figures call it, such as {@code db-scheduler}. */
    String name();

    /** Everything before the measured time: tables, tenants, pools. The database is empty, or holds what an earlier prepare left. */
    void prepare(BenchDatabase database, int tenants) throws Exception;

    /** What is measured: ends when every tenant is done, durably. */
    void run() throws Exception;

    /** How many tenants are done. */
    long done() throws Exception;

    /** Gives back threads and connections. */
    void close();
}
