package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where the archive reads and writes.
 *
 * @param repository the local Maven repository
 * @param directory what it may write to
 */
record ArchiveSettings(Path repository, Path directory) {

    /** The build's own: {@code pom.xml} passes both as system properties. */
    static ArchiveSettings ofBuild() throws IOException {
        Path home = Path.of(System.getProperty("user.home"), ".m2", "repository");
        Path repository = Path.of(System.getProperty("archive.repository", home.toString()));
        if (!Files.isDirectory(repository)) {
            throw new IOException("there is no local Maven repository at " + repository.toAbsolutePath()
                    + ": name it with -Darchive.repository=<directory>");
        }
        return new ArchiveSettings(
                repository.toRealPath(),
                Path.of(System.getProperty("archive.directory", "target/archive"))
                        .toAbsolutePath());
    }

    /** The database file, without its ending; each repository has its own. */
    Path database() {
        return directory.resolve(
                "archive-" + Integer.toHexString(repository.toString().hashCode()));
    }

    /** What the replicas use for temporary files. */
    Path temporary() {
        return directory.resolve("tmp");
    }
}
