package dev.kbmigrator;

/**
 * Thrown into a migration at its next checkpoint after its execution was cancelled. Do not catch it: a cancelled execution does
 * not count as a failure, and a part that returns normally after it was thrown does not count as done.
 */
public final class MigrationCancelledException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message which execution was cancelled, and why
     */
    public MigrationCancelledException(String message) {
        super(message);
    }
}
