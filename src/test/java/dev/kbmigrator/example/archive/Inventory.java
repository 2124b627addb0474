package dev.kbmigrator.example.archive;

import dev.kbmigrator.KnowledgeBoxes;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The archive's own list of its KBs: the directories {@code group/artifact/version} of a Maven repository that hold a file of
 * the artifact. The id is the path below the repository.
 */
final class Inventory implements KnowledgeBoxes {

    /** Group, artifact and version. */
    private static final int LEAST_DEPTH = 3;

    private static final int LONGEST_ID = 255;

    private final Path repository;

    Inventory(Path repository) {
        this.repository = repository;
    }

    @Override
    public Stream<String> ids() throws IOException {
        return all().stream();
    }

    /** The same; a repository holds some thousands, so that they need not be streamed. */
    Set<String> all() throws IOException {
        Set<String> ids = new TreeSet<>();
        Files.walkFileTree(repository, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                Path path = repository.relativize(file);
                if (attributes.isRegularFile() && isOfArtifact(path)) {
                    ids.add(idOf(path.subpath(0, path.getNameCount() - 1)));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) {
                // Other builds write to the repository meanwhile: what has just gone is not there
                return FileVisitResult.CONTINUE;
            }
        });
        ids.removeIf(id -> id.getBytes(StandardCharsets.UTF_8).length > LONGEST_ID);
        return ids;
    }

    /** Files of an artifact start with its id, which is the name of the directory above the version. */
    private static boolean isOfArtifact(Path path) {
        int depth = path.getNameCount();
        return depth > LEAST_DEPTH
                && path.getName(depth - 1).toString().startsWith(path.getName(depth - LEAST_DEPTH) + "-");
    }

    private static String idOf(Path directory) {
        return directory.toString().replace(File.separatorChar, '/');
    }

    @Override
    public Collection<String> existing(Collection<String> kbIds) {
        return kbIds.stream().filter(kbId -> Files.isDirectory(directory(kbId))).toList();
    }

    /** The names of a KB's files, in order. */
    List<String> files(String kbId) throws IOException {
        try (Stream<Path> files = Files.list(directory(kbId))) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /** A file of a KB. */
    Path file(String kbId, String name) {
        return directory(kbId).resolve(name);
    }

    private Path directory(String kbId) {
        return repository.resolve(kbId);
    }
}
