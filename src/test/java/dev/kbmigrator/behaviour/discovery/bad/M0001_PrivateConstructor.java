package dev.kbmigrator.behaviour.discovery.bad;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

public final class M0001_PrivateConstructor implements KbMigration {
    private M0001_PrivateConstructor() {}

    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
