package dev.kbmigrator.behaviour.discovery.bad;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

final class M0005_NotPublic implements KbMigration {
    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
