package dev.kbmigrator.bench;

import dev.kbmigrator.support.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** H2 in a file, with its defaults, inside the JVM of the contender: there is no server that counts. */
final class H2 implements Server {

    private static final String URL = "jdbc:h2:";
    private static final String FILE = ".mv.db";

    private final Path directory = TestFiles.newDirectory("h2");

    @Override
    public BenchDatabase newDatabase(String name) {
        return new BenchDatabase(URL + directory.resolve(name), "sa", "");
    }

    @Override
    public BenchDatabase copyOf(BenchDatabase seed, String name) throws IOException {
        BenchDatabase copy = newDatabase(name);
        Files.copy(file(seed), file(copy));
        return copy;
    }

    private static Path file(BenchDatabase database) {
        return Path.of(database.jdbcUrl().substring(URL.length()) + FILE);
    }

    @Override
    public void settle(BenchDatabase database) {}

    /** Its defaults: what was committed in the last moment before a crash may be lost. */
    @Override
    public Map<String, String> durability(BenchDatabase database) {
        return Map.of();
    }

    @Override
    public Map<String, Double> counters(BenchDatabase database) {
        return Map.of();
    }

    @Override
    public double cpuSeconds() {
        return 0;
    }

    @Override
    public void drop(BenchDatabase database) throws IOException {
        Files.delete(file(database));
    }

    @Override
    public void close() {}
}
