package dev.kbmigrator.spi;

import dev.kbmigrator.MigratorException;
import org.jspecify.annotations.Nullable;

/**
 * The state store could not carry out a call: it is unreachable, refuses writes, or returns something unusable. Its {@link Kind}
 * tells the engine whether to repeat the call as it is, in smaller pieces, or without one of its rows. Immutable.
 */
public class StateStoreException extends MigratorException {

    private static final long serialVersionUID = 1L;

    /** What kind of failure it is. */
    private final Kind kind;

    /** Why a call failed, as far as the store can tell. */
    public enum Kind {
        /**
         * The store takes no such call at present, whatever is in it: there is no connection, no space or no permission, it is
         * read-only, or a table is missing. The engine repeats the whole call, and blames no KB.
         */
        OUTAGE,

        /** The call took longer than a time limit allows. The engine repeats it, with a batch of half the size. */
        TIMEOUT,

        /** Another transaction was in the way. The engine repeats the whole call. */
        CONFLICT,

        /**
         * The store does not accept what the call is to store: a character, a length, a constraint. Repeating it does not help, so
         * the engine splits a batch until it has found the KB.
         */
        DATA,

        /** The store cannot tell. The engine repeats the call, and splits the batch only if it has failed several times in a row. */
        UNKNOWN;

        /**
         * Returns the kind of an error that a store has thrown.
         *
         * @param error the error
         * @return its kind; {@link #UNKNOWN} for anything but a {@link StateStoreException}
         */
        public static Kind of(Throwable error) {
            return error instanceof StateStoreException known ? known.kind : UNKNOWN;
        }
    }

    /**
     * Creates an exception of a kind.
     *
     * @param kind why the call failed
     * @param message what was tried, what went wrong, and what to do
     * @param cause the driver's own exception, or null
     */
    public StateStoreException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /**
     * Creates an exception of the kind {@link Kind#UNKNOWN}, with a cause.
     *
     * @param message what was tried, what went wrong, and what to do
     * @param cause the driver's own exception
     */
    public StateStoreException(String message, Throwable cause) {
        this(Kind.UNKNOWN, message, cause);
    }

    /**
     * Creates an exception of the kind {@link Kind#UNKNOWN}, without a cause.
     *
     * @param message what was tried, what went wrong, and what to do
     */
    public StateStoreException(String message) {
        this(Kind.UNKNOWN, message, null);
    }

    /**
     * Returns why the call failed.
     *
     * @return the kind; {@link Kind#UNKNOWN} if the store did not say
     */
    public final Kind kind() {
        return kind;
    }
}
