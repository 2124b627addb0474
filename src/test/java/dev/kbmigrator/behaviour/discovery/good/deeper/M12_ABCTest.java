package dev.kbmigrator.behaviour.discovery.good.deeper;

import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;

public final class M12_ABCTest implements Migration {
    @Override
    public void migrate(MigrationContext context) {}

    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
