package dev.kbmigrator.example.archive;

/**
 * What the archive knows of a file.
 *
 * @param name its name in the KB
 * @param bytes its size
 * @param sha1 its SHA-1, in hexadecimal digits
 */
public record ArchivedFile(String name, long bytes, String sha1) {}
