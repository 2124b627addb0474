package dev.kbmigrator.internal.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Lets a loop outlive the exceptions and errors of the store, the lock and the host: each is logged, and the step is tried again later. */
final class Troubles {

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10));

    private final EngineConfig config;
    private final Logger log;
    private int failures;
    private long notBefore;
    private @Nullable RuntimeException last;

    Troubles(EngineConfig config, Logger log) {
        this.config = config;
        this.log = log;
    }

    /** Runs the step, unless it failed so recently that it has to wait. */
    void guard(Runnable step) {
        if (failures > 0 && notBefore - config.surroundings().nanoTime() > 0) {
            return;
        }
        try {
            step.run();
            failures = 0;
        } catch (RuntimeException | Error e) {
            failures++;
            last = e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e.toString(), e);
            Duration delay = BACKOFF.delay(failures, config.surroundings());
            notBefore = config.surroundings().nanoTime() + delay.toNanos();
            log.atWarn()
                    .addKeyValue("failures", failures)
                    .setCause(e)
                    .log("Trying again in {} ms: {}", delay.toMillis(), e.getMessage());
        }
    }

    /** Something has come of the step, whatever becomes of the rest: the next trouble is a first one again. */
    void wentOn() {
        failures = 0;
    }

    /** The last error; null when there was none. */
    @Nullable
    RuntimeException last() {
        return last;
    }

    int failures() {
        return failures;
    }

    /** How long to wait: no less than the trouble asks for. */
    long delay(long nanos) {
        if (failures == 0) {
            return nanos;
        }
        return Math.max(1, notBefore - config.surroundings().nanoTime());
    }
}
