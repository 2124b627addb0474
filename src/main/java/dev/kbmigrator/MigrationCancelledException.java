package dev.kbmigrator;

/** The attempt was cancelled; thrown into a migration at its next checkpoint. Let it through: it counts as no failure. */
public final class MigrationCancelledException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * With the reason.
     *
     * @param message which attempt, and why it was cancelled
     */
    public MigrationCancelledException(String message) {
        super(message);
    }
}
