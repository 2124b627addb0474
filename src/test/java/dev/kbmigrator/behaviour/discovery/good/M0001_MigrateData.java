package dev.kbmigrator.behaviour.discovery.good;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

public final class M0001_MigrateData implements KbMigration {
    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
