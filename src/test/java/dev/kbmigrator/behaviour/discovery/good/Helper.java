package dev.kbmigrator.behaviour.discovery.good;

/** No migration, and not named like one. */
public final class Helper {}
