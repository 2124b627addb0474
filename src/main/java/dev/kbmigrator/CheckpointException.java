package dev.kbmigrator;

/** Thrown when a checkpoint cannot be written as JSON, could not be read again, is too large, or does not fit the type that it is read as. */
public final class CheckpointException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception without a cause.
     *
     * @param message which execution and which type it concerns, what was expected, and what to do
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * Creates the exception with a cause.
     *
     * @param message which execution and which type it concerns, what was expected, and what to do
     * @param cause the JSON library's exception
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
