package dev.kbmigrator.internal.worker;

import dev.kbmigrator.spi.StateStoreException;

/** Rows failed alone, and it is not known yet whether they or the store are to blame. Whatever else there is to do goes on. */
final class UnexplainedRowException extends StateStoreException {

    private static final long serialVersionUID = 1L;

    UnexplainedRowException(Kind kind, String message, RuntimeException cause) {
        super(kind, message, cause);
    }
}
