package dev.kbmigrator.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition by polling it, or for real time to pass. */
final class Waiting {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final long STEP_NANOS = 1_000_000;

    private Waiting() {}

    static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new AssertionError("gave up after " + LIMIT.toSeconds() + " s of waiting until " + what);
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }

    /** Blocks until at least this much real time has passed. */
    static void forAtLeast(Duration time) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < time.toNanos()) {
            LockSupport.parkNanos(Math.max(1, time.toNanos() - (System.nanoTime() - start)));
        }
    }
}
