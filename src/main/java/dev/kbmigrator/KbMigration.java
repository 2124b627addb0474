package dev.kbmigrator;

/** A migration whose global part is empty. Consecutive ones are run KB by KB, with no barrier between them. */
public interface KbMigration extends Migration {

    /** Does nothing. */
    @Override
    default void migrate(MigrationContext context) {}

    /**
     * A migration from a lambda.
     *
     * @param version at least 1
     * @param name its name, in snake case
     * @param part what to do for one KB
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

    /** The part for one KB. */
    @FunctionalInterface
    interface Part {
        /**
         * Migrates one KB.
         *
         * @param context what the engine knows of this attempt
         * @param kbId the KB
         * @throws Exception any failure
         */
        void migrateKb(MigrationContext context, String kbId) throws Exception;
    }
}
