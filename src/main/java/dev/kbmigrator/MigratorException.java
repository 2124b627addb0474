package dev.kbmigrator;

import org.jspecify.annotations.Nullable;

/**
 * The root of the library's own exceptions. Catch it to handle whatever can go wrong at run time, including an unavailable
 * {@linkplain dev.kbmigrator.spi.StateStoreException state store}. Mistakes in the use of the API are reported by Java's own
 * {@link IllegalArgumentException}, {@link IllegalStateException}, {@link NullPointerException} and {@link
 * UnsupportedOperationException}.
 */
public class MigratorException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception without a cause.
     *
     * @param message what failed, and what to do
     */
    public MigratorException(String message) {
        super(message);
    }

    /**
     * Creates the exception with a cause.
     *
     * @param message what failed, and what to do
     * @param cause the underlying exception, or null
     */
    public MigratorException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
