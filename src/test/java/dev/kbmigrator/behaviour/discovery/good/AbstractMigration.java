package dev.kbmigrator.behaviour.discovery.good;

import dev.kbmigrator.KbMigration;

/** What migrations may have in common. */
public abstract class AbstractMigration implements KbMigration {}
