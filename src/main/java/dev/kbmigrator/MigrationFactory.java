package dev.kbmigrator;

/** Creates migrations from their classes, for hosts that use dependency injection. Called only while a migrator is built. */
@FunctionalInterface
public interface MigrationFactory {

    /**
     * Creates an instance of a migration class.
     *
     * @param type the class that was found
     * @return an instance of it, never null
     * @throws Exception if the instance cannot be created; {@link MigratorBuilder#build()} reports it as a problem of the class
     */
    Migration create(Class<? extends Migration> type) throws Exception;
}
