package dev.kbmigrator.behaviour.discovery.bad;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

public final class M0004_FailsWhenMade implements KbMigration {
    public M0004_FailsWhenMade() {
        throw new IllegalStateException("no configuration");
    }

    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
