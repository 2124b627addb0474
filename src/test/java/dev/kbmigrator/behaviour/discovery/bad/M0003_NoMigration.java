package dev.kbmigrator.behaviour.discovery.bad;

/** Named like a migration. */
public final class M0003_NoMigration {}
