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

    /** In the thread: all that it does. */
    <T> T run(Callable<T> task) throws Exception {
        try {
            return task.call();
        } finally {
            ended = true;
        }
    }

    /** In the thread: stands before the next step until it may be taken. */
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

    /** From outside: the thread stands before its first step, or had none. */
    void awaitFirst() {
        until(() -> arrived > 0 || ended);
    }

    /** From outside: lets a step happen, and waits until it is done, or until it waits for somebody else. */
    void step(BooleanSupplier waits) {
        taken++;
        int step = taken;
        allowed.release();
        until(() -> arrived > step || ended || waits.getAsBoolean());
    }

    /** From outside: lets the thread go on to its end. */
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
