package dev.kbmigrator;

/** A migration without a part for KBs. It runs once for the fleet, after every KB has reached the version before it. */
public interface GlobalMigration extends Migration {

    /** Does nothing. */
    @Override
    default void migrateKb(MigrationContext context, String kbId) {}

    /**
     * A migration from a lambda.
     *
     * @param version at least 1
     * @param name its name, in snake case
     * @param part what to do
     * @return the migration
     */
    static GlobalMigration of(long version, String name, Part part) {
        return new GlobalMigration() {
            @Override
            public void migrate(MigrationContext context) throws Exception {
                part.migrate(context);
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

    /** The global part. */
    @FunctionalInterface
    interface Part {
        /**
         * Migrates global data.
         *
         * @param context what the engine knows of this attempt
         * @throws Exception any failure
         */
        void migrate(MigrationContext context) throws Exception;
    }
}
