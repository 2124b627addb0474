package dev.kbmigrator.spi;

import dev.kbmigrator.MigratorException;

/** The state store could not carry out a call: it is unreachable, refuses writes, or returns something unusable. */
public class StateStoreException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception with a cause.
     *
     * @param message what was tried, what went wrong, and what to do
     * @param cause the driver's own exception
     */
    public StateStoreException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * Creates an exception without a cause.
     *
     * @param message what was tried, what went wrong, and what to do
     */
    public StateStoreException(String message) {
        super(message);
    }
}
