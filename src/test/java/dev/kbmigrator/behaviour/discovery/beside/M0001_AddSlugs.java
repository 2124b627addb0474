package dev.kbmigrator.behaviour.discovery.beside;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

public class M0001_AddSlugs implements KbMigration {
    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
