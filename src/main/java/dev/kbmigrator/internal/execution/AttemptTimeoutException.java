package dev.kbmigrator.internal.execution;

import dev.kbmigrator.MigratorException;
import org.jspecify.annotations.Nullable;

/** A part ran for longer than its time limit. */
final class AttemptTimeoutException extends MigratorException {

    private static final long serialVersionUID = 1L;

    AttemptTimeoutException(String message, @Nullable Throwable cause) {
        super(message);
        if (cause != null) {
            initCause(cause);
        }
    }
}
