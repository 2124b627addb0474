package dev.kbmigrator.internal.lease;

import dev.kbmigrator.internal.support.Environment;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a service responds, as far as the calls to it tell. Safe for use by many threads. */
public final class ServiceOutage {

    private final Environment environment;
    private boolean hasResponded;
    private @Nullable Throwable error;
    private long since;

    ServiceOutage(Environment environment) {
        this.environment = environment;
    }

    /** Calls the service, and notes whether it responds. */
    public <T> T watch(Supplier<T> call) {
        try {
            T result = call.get();
            responded();
            return result;
        } catch (RuntimeException | Error e) {
            failed(e);
            throw e;
        }
    }

    private synchronized void failed(Throwable how) {
        if (error == null) {
            since = environment.nanoTime();
        }
        error = how;
    }

    private synchronized void responded() {
        hasResponded = true;
        error = null;
    }

    /** Returns the last error of a service that has never responded, or not for that long; null while there is hope. */
    public synchronized @Nullable Throwable hopeless(long patienceNanos) {
        boolean tooLong = environment.nanoTime() - since > patienceNanos;
        return error != null && (!hasResponded || tooLong) ? error : null;
    }
}
