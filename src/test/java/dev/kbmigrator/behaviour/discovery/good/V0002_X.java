package dev.kbmigrator.behaviour.discovery.good;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationContext;

public final class V0002_X implements GlobalMigration {
    @Override
    public void migrate(MigrationContext context) {}
}
