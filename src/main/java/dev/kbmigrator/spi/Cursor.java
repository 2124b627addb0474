package dev.kbmigrator.spi;

/**
 * Where a listing of KBs continues. A cursor is opaque: only the store that created it can read it. Immutable.
 *
 * @param position what the store needs to continue from there
 */
public record Cursor(String position) {}
