package dev.kbmigrator;

/**
 * A migration without a global part. Each KB runs consecutive KB migrations one after the other, without waiting for other KBs.
 */
public interface KbMigration extends Migration {

    /** Does nothing. */
    @Override
    default void migrate(MigrationContext context) {}

    /**
     * Creates a migration from a lambda.
     *
     * @param version the version, at least 1
     * @param name the name, in snake case, 1 to 200 characters
     * @param part the KB part
     * @return the migration
     */
    static KbMigration of(long version, String name, Part part) {
        return new KbMigration() {
            @Override
            public void migrateKb(MigrationContext context, String kbId) throws Exception {
                part.migrateKb(context, kbId);
            }

            @Override
            public long version() {
                return version;
            }

            @Override
            public String name() {
                return name;
            }
        };
    }

    /** The KB part of a migration. */
    @FunctionalInterface
    interface Part {
        /**
         * Migrates one KB.
         *
         * @param context this execution, and the host's services
         * @param kbId the KB's id
         * @throws Exception if the part fails for any reason; the KB is tried again later
         */
        void migrateKb(MigrationContext context, String kbId) throws Exception;
    }
}
