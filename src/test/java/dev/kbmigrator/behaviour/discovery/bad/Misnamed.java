package dev.kbmigrator.behaviour.discovery.bad;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;

/** A migration whose name tells no version. */
public final class Misnamed implements KbMigration {

    /** Easily forgotten: nested. */
    public static final class M0006_Nested implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {}
    }

    /** Has no constructor without its outer instance. */
    public final class M0007_Inner implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            Misnamed.this.migrateKb(context, kbId);
        }
    }

    @Override
    public void migrateKb(MigrationContext context, String kbId) {}
}
