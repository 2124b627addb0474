package dev.kbmigrator.example.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the files of KBs: a service that the archive gives to its migrations. */
public final class ArchiveFiles {

    private static final int BUFFER = 1 << 16;
    private static final int LONGEST_DIGEST_FILE = 4096;
    private static final Pattern SHA1 = Pattern.compile("(?<![0-9a-fA-F])[0-9a-fA-F]{40}(?![0-9a-fA-F])");

    private final Inventory inventory;

    ArchiveFiles(Inventory inventory) {
        this.inventory = inventory;
    }

    /** The names of a KB's files that come after a name, in order. */
    public List<String> after(String kbId, String last) throws IOException {
        return inventory.files(kbId).stream()
                .filter(name -> name.compareTo(last) > 0)
                .toList();
    }

    /** Reads a file from start to end; empty when it has gone meanwhile. */
    public Optional<ArchivedFile> read(String kbId, String name) throws IOException {
        MessageDigest digest = sha1();
        long bytes = 0;
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(inventory.file(kbId, name))) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                bytes += read;
            }
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        return Optional.of(new ArchivedFile(name, bytes, HexFormat.of().formatHex(digest.digest())));
    }

    /** Compares a file with the digest beside it. */
    public Verdict verdict(String kbId, ArchivedFile file) throws IOException {
        if (Verdict.isNote(file.name())) {
            return Verdict.NOT_PUBLISHED;
        }
        return publishedSha1(inventory.file(kbId, file.name() + ".sha1"))
                .map(sha1 -> sha1.equals(file.sha1()) ? Verdict.VERIFIED : Verdict.MISMATCHED)
                .orElse(Verdict.WITHOUT_DIGEST);
    }

    /** Some old digest files hold the file's name, too; one that holds no SHA-1 is as good as none. */
    private static Optional<String> publishedSha1(Path digestFile) throws IOException {
        try (InputStream in = Files.newInputStream(digestFile)) {
            String text = new String(in.readNBytes(LONGEST_DIGEST_FILE), StandardCharsets.ISO_8859_1);
            Matcher matcher = SHA1.matcher(text);
            return matcher.find() ? Optional.of(matcher.group().toLowerCase(Locale.ROOT)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }
}
