package dev.kbmigrator;

/** The root of what the library throws. */
public class MigratorException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * With a message alone.
     *
     * @param message what happened, and what to do
     */
    public MigratorException(String message) {
        super(message);
    }

    /**
     * With a cause.
     *
     * @param message what happened, and what to do
     * @param cause why
     */
    public MigratorException(String message, Throwable cause) {
        super(message, cause);
    }
}
