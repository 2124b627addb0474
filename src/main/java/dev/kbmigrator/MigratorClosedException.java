package dev.kbmigrator;

/**
 * Thrown when a call needs a migrator that is open, but the migrator is closed or was closed while the call waited. Work that
 * was done before is kept.
 */
public final class MigratorClosedException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what could not be done, and what to do
     */
    public MigratorClosedException(String message) {
        super(message);
    }
}
