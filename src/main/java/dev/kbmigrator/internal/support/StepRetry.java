package dev.kbmigrator.internal.support;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a loop alive when the store, the lock or the host fails: each failed step is retried after an exponential backoff. What fails
 * is reported to {@link Troubles}, unless the call that failed has done that itself. Belongs to the loop's thread.
 */
public final class StepRetry {

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10));

    private final Environment environment;
    private final Troubles troubles;
    private final String name;
    private int failures;
    private long notBefore;
    private @Nullable RuntimeException lastError;

    /**
     * Prepares a loop.
     *
     * @param name what its steps do, to follow "cannot"
     */
    public StepRetry(Environment environment, Troubles troubles, String name) {
        this.environment = environment;
        this.troubles = troubles;
        this.name = name;
    }

    /** Runs the step, unless it failed so recently that it has to wait. */
    public void run(Runnable step) {
        if (failures == 0 || notBefore - environment.nanoTime() <= 0) {
            runNow(step);
        }
    }

    /** Runs the step, even if it failed just before: there is no time to wait. */
    public void runNow(Runnable step) {
        try {
            step.run();
            failures = 0;
            troubles.succeeded(name);
        } catch (RuntimeException | Error e) {
            failures++;
            lastError = e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e.toString(), e);
            notBefore = environment.nanoTime()
                    + BACKOFF.delay(failures, environment).toNanos();
            if (!troubles.isKnown(e)) {
                troubles.failed(name, e);
            }
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
