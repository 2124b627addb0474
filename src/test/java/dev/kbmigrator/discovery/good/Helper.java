package dev.kbmigrator.discovery.good;

/** No migration, and not named like one. */
public final class Helper {}
