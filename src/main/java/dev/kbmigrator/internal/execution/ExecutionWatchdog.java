package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enforces the time limits of executions: cancels what has run for too long, and abandons what does not stop within a ttl after it was
 * told to. It never does I/O, and runs in the thread that watches the leases.
 */
public final class ExecutionWatchdog {

    private static final Logger LOG = LoggerFactory.getLogger(ExecutionWatchdog.class);

    private final ExecutionPool pool;
    private final Duration ttl;
    private final Environment environment;

    public ExecutionWatchdog(ExecutionPool pool, Duration ttl, Environment environment) {
        this.pool = pool;
        this.ttl = ttl;
        this.environment = environment;
    }

    /** Checks everything that runs; returns whether anything does. */
    public boolean check() {
        var busy = pool.busy();
        long now = environment.nanoTime();
        for (ExecutionThread thread : busy) {
            Execution execution = thread.current();
            if (execution != null) {
                check(thread, execution, now);
            }
        }
        return !busy.isEmpty();
    }

    private void check(ExecutionThread thread, Execution execution, long now) {
        long ran = now - thread.startedAt();
        Duration limit = execution.timeLimit().orElse(null);
        if (limit != null && ran >= limit.toNanos() && execution.cancellation() == null) {
            execution.cancel(Cancellation.TIMEOUT);
            thread.interrupt(execution);
        }
        if (execution.cancellation() != null && execution.cancelledFor(now) >= ttl.toNanos()) {
            LOG.atWarn()
                    .addKeyValue("kb", ShortText.shown(execution.kbId().orElse("")))
                    .addKeyValue("version", execution.version())
                    .log("{} does not stop; its thread is abandoned, and its lease is left to expire", execution);
            execution.scope().leaveToExpire();
            pool.abandon(thread, execution);
        }
    }
}
