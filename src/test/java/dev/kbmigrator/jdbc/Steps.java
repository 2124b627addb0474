package dev.kbmigrator.jdbc;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** Lets a thread take its steps one by one, from outside. */
final class Steps {

    private final Semaphore allowed = new Semaphore(0);
    private volatile int arrived;
    private volatile boolean ended;
    private int taken;

    /** In the thread: runs its task. */
    <T> T run(Callable<T> task) throws Exception {
        try {
            return task.call();
        } finally {
            ended = true;
        }
    }

    /** In the thread: waits before the next step until it is allowed. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // Only the thread itself writes it
    void await() {
        arrived++;
        try {
            if (!allowed.tryAcquire(20, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody let step " + arrived + " happen");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** From outside: waits until the thread is before its first step, or has ended without one. */
    void awaitFirst() {
        until(() -> arrived > 0 || ended);
    }

    /** From outside: allows a step, and waits until it is done or waits for somebody else. */
    void step(BooleanSupplier waits) {
        taken++;
        int step = taken;
        allowed.release();
        until(() -> arrived > step || ended || waits.getAsBoolean());
    }

    /** From outside: allows all steps to the end. */
    void allowAll() {
        allowed.release(1_000);
    }

    private static void until(Callable<Boolean> condition) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(Duration.ofSeconds(20))
                .until(condition);
    }
}
