package dev.kbmigrator;

/** A migration without a KB part. It runs once for the whole fleet, after every KB has reached the version before it. */
public interface GlobalMigration extends Migration {

    /** Does nothing. */
    @Override
    default void migrateKb(MigrationContext context, String kbId) {}

    /**
     * Creates a migration from a lambda.
     *
     * @param version the version, at least 1
     * @param name the name, in snake case, 1 to 200 characters
     * @param part the global part
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

    /** The global part of a migration. */
    @FunctionalInterface
    interface Part {
        /**
         * Migrates global data.
         *
         * @param context this execution, and the host's services
         * @throws Exception if the part fails for any reason; it is tried again later
         */
        void migrate(MigrationContext context) throws Exception;
    }
}
