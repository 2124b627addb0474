package dev.kbmigrator.discovery.bad;

/** Named like a migration. */
public final class M0003_NoMigration {}
