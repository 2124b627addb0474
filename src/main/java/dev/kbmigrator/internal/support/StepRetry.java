package dev.kbmigrator.internal.support;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Keeps a loop alive when the store, the lock or the host fails: each failed step is logged, and is retried after an exponential
 * backoff. Belongs to the loop's thread.
 */
public final class StepRetry {

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10));

    private final Environment environment;
    private final Logger log;
    private int failures;
    private long notBefore;
    private @Nullable RuntimeException lastError;

    public StepRetry(Environment environment, Logger log) {
        this.environment = environment;
        this.log = log;
    }

    /** Runs the step, unless it failed so recently that it has to wait. */
    public void run(Runnable step) {
        if (failures > 0 && notBefore - environment.nanoTime() > 0) {
            return;
        }
        try {
            step.run();
            failures = 0;
        } catch (RuntimeException | Error e) {
            failures++;
            lastError = e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e.toString(), e);
            Duration delay = BACKOFF.delay(failures, environment);
            notBefore = environment.nanoTime() + delay.toNanos();
            log.atWarn()
                    .addKeyValue("failures", failures)
                    .setCause(e)
                    .log(
                            "Attempt {} failed, next attempt in {} ms: {}",
                            failures,
                            delay.toMillis(),
                            ShortText.shown(String.valueOf(e.getMessage()), ShortText.ERROR));
        }
    }

    /** Tells that part of the step has succeeded: the next failure counts as the first again. */
    public void progressed() {
        failures = 0;
    }

    /** Returns the last error; null when there was none. */
    public @Nullable RuntimeException lastError() {
        return lastError;
    }

    /** Returns how often the step has failed since it last succeeded. */
    public int failures() {
        return failures;
    }

    /** Returns how long to wait: the usual time, or until the retry is due. */
    public long waitNanos(long usual) {
        if (failures == 0) {
            return usual;
        }
        return Math.max(1, notBefore - environment.nanoTime());
    }
}
