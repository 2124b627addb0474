package dev.kbmigrator;

/** Thrown when an operator has paused the fleet, so that nothing new is started. Work that was done before is kept. */
public final class MigrationsPausedException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /** Why the operator paused the fleet, in the operator's words. */
    private final String reason;

    /**
     * Creates the exception.
     *
     * @param message what could not be done
     * @param reason why the operator paused the fleet, in the operator's words
     */
    public MigrationsPausedException(String message, String reason) {
        super(message);
        this.reason = reason;
    }

    /**
     * Returns why the operator paused the fleet.
     *
     * @return the operator's words
     */
    public String reason() {
        return reason;
    }
}
