package dev.kbmigrator.internal.engine;

import org.jspecify.annotations.Nullable;

/** Whether a service answers, as far as the calls to it tell. Safe for use by many threads. */
final class Outage {

    private boolean answeredOnce;
    private @Nullable Throwable error;
    private long since;

    /** A call failed, at that instant of monotonic time. */
    synchronized void failed(Throwable how, long now) {
        if (error == null) {
            since = now;
        }
        error = how;
    }

    synchronized void answered() {
        answeredOnce = true;
        error = null;
    }

    /** The last error of a service that has never answered, or not for so long; null while there is hope. */
    synchronized @Nullable Throwable hopeless(long now, long patience) {
        return error != null && (!answeredOnce || now - since > patience) ? error : null;
    }
}
