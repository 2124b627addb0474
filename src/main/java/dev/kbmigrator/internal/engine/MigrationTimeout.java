package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigratorException;
import org.jspecify.annotations.Nullable;

/** A part ran for longer than it may. */
final class MigrationTimeout extends MigratorException {

    private static final long serialVersionUID = 1L;

    MigrationTimeout(String message, @Nullable Throwable cause) {
        super(message);
        if (cause != null) {
            initCause(cause);
        }
    }
}
