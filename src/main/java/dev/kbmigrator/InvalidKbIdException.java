package dev.kbmigrator;

/**
 * Thrown when a KB id cannot be stored. A valid id is not null, not blank, at most 255 UTF-8 bytes long, and contains neither a
 * NUL character nor an unpaired surrogate.
 */
public final class InvalidKbIdException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message the id (shortened), what is wrong with it, and what is expected
     */
    public InvalidKbIdException(String message) {
        super(message);
    }
}
