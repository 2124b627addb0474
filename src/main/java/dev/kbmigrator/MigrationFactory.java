package dev.kbmigrator;

/** Makes migrations from their classes, for hosts that inject dependencies. */
@FunctionalInterface
public interface MigrationFactory {

    /**
     * Makes an instance.
     *
     * @param type a class that was found
     * @return its instance
     * @throws Exception when it cannot be made; reported as a problem of that class
     */
    Migration create(Class<? extends Migration> type) throws Exception;
}
