package dev.kbmigrator.discovery.empty;

/** A package without a migration. */
public final class Nothing {}
