package acme.migrations;

import acme.migrations.checkpoints.Position;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

/** Fails once after its checkpoint, and continues there. */
public final class M0001_CountPages implements KbMigration {

    @Override
    public void migrateKb(MigrationContext context, String kbId) {
        if (context.attempt() == 1) {
            context.saveCheckpoint(new Position(7, "g"));
            throw new IllegalStateException("half-way");
        }
        System.out.println(kbId + " from " + context.lastCheckpoint(Position.class).orElseThrow());
    }
}
