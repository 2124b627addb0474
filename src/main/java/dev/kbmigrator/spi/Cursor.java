package dev.kbmigrator.spi;

/**
 * Where a pass through a set of partitions has got to. It is opaque: only the store that made it reads it.
 *
 * @param position what the store needs to go on from there
 */
public record Cursor(String position) {}
