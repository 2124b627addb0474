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
    public Bed newBed(String name) {
        return new Bed(URL + directory.resolve(name), "sa", "");
    }

    @Override
    public Bed copyOf(Bed seed, String name) throws IOException {
        Bed copy = newBed(name);
        Files.copy(file(seed), file(copy));
        return copy;
    }

    private static Path file(Bed bed) {
        return Path.of(bed.jdbcUrl().substring(URL.length()) + FILE);
    }

    @Override
    public void settle(Bed bed) {}

    /** Its defaults: what was committed in the last moment before a crash may be lost. */
    @Override
    public Map<String, String> durability(Bed bed) {
        return Map.of();
    }

    @Override
    public Map<String, Double> counters(Bed bed) {
        return Map.of();
    }

    @Override
    public double cpuSeconds() {
        return 0;
    }

    @Override
    public void drop(Bed bed) throws IOException {
        Files.delete(file(bed));
    }

    @Override
    public void close() {}
}
