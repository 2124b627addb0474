package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** A Maven repository whose files are zeros: large ones take time to read, but no space where files can have holes. */
record MadeUpRepository(Path root) {

    /** The size of the note that lies in each directory. */
    static final long NOTE_BYTES = 5;

    private static final Map<Integer, String> DIGESTS = new ConcurrentHashMap<>();

    void addArtifact(String group, String artifact, String version, int bytes) throws IOException {
        Files.createDirectories(directory(group, artifact, version));
        Path file = jar(group, artifact, version);
        try (RandomAccessFile jar = new RandomAccessFile(file.toFile(), "rw")) {
            jar.setLength(bytes);
        }
        Files.writeString(file.resolveSibling("_remote.repositories"), "note\n");
        Files.writeString(root.resolve(group).resolve(artifact).resolve("maven-metadata-central.xml"), "<metadata/>");
        writeDigest(group, artifact, version, DIGESTS.computeIfAbsent(bytes, MadeUpRepository::sha1OfZeros));
    }

    void writeDigest(String group, String artifact, String version, String sha1) throws IOException {
        Files.writeString(digest(group, artifact, version), sha1);
    }

    void deleteDigest(String group, String artifact, String version) throws IOException {
        Files.delete(digest(group, artifact, version));
    }

    void deleteArtifact(String group, String artifact, String version) throws IOException {
        Path directory = directory(group, artifact, version);
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    Path digest(String group, String artifact, String version) {
        Path jar = jar(group, artifact, version);
        return jar.resolveSibling(jar.getFileName() + ".sha1");
    }

    private Path jar(String group, String artifact, String version) {
        return directory(group, artifact, version).resolve(artifact + "-" + version + ".jar");
    }

    private Path directory(String group, String artifact, String version) {
        return root.resolve(group).resolve(artifact).resolve(version);
    }

    private static String sha1OfZeros(int bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(new byte[bytes]));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
