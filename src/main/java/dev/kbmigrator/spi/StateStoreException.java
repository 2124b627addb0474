package dev.kbmigrator.spi;

import dev.kbmigrator.MigratorException;

/** The state store could not do what was asked: it is out of reach, refuses writes, or answers nonsense. */
public class StateStoreException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * A failure with its cause.
     *
     * @param message what was tried, what went wrong, and what to do
     * @param cause the driver's own exception
     */
    public StateStoreException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * A failure without a deeper cause.
     *
     * @param message what was tried, what went wrong, and what to do
     */
    public StateStoreException(String message) {
        super(message);
    }
}
