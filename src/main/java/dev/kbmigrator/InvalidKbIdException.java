package dev.kbmigrator;

/** A KB id that cannot be kept: null, blank, longer than 255 UTF-8 bytes, with a NUL, or with a lone surrogate. */
public final class InvalidKbIdException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * With the reason.
     *
     * @param message the id (shortened), what is wrong with it and what is expected
     */
    public InvalidKbIdException(String message) {
        super(message);
    }
}
