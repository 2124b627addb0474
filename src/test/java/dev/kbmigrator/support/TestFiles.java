package dev.kbmigrator.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of the tests, all under the build's own directory. */
public final class TestFiles {

    private TestFiles() {}

    /** A new directory that nobody else uses. */
    public static Path newDirectory(String prefix) {
        try {
            Path parent = Files.createDirectories(Path.of(System.getProperty("java.io.tmpdir")));
            return Files.createTempDirectory(parent, prefix);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
