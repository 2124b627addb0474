package dev.kbmigrator.example.archive.migrations;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.example.archive.ArchiveDatabase;

/** Writes the totals of the fleet, once every KB is verified. It runs once: a KB that comes later is not in them. */
public final class M0003_WriteTotals implements GlobalMigration {

    @Override
    public void migrate(MigrationContext context) throws Exception {
        context.service(ArchiveDatabase.class).writeTotals(context.version());
    }
}
