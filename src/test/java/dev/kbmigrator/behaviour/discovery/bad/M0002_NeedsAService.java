package dev.kbmigrator.behaviour.discovery.bad;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

public final class M0002_NeedsAService implements KbMigration {
    private final String service;

    public M0002_NeedsAService(String service) {
        this.service = service;
    }

    @Override
    public void migrateKb(MigrationContext context, String kbId) {
        context.progress(service);
    }
}
