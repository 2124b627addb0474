package dev.kbmigrator;

/** A checkpoint could not be written as JSON, is too large, or does not fit the type that it is read back as. */
public final class CheckpointException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * With the reason.
     *
     * @param message which attempt, which type, what was expected, and what to do
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * With a cause.
     *
     * @param message which attempt, which type, what was expected, and what to do
     * @param cause what the JSON library said
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
