package dev.kbmigrator;

/** The migrator is closed, or was closed while the call waited. What was done before that is kept. */
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
