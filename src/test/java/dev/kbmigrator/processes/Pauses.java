package dev.kbmigrator.processes;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Lets time pass where time itself is what is tested: how long a body works, how long a fault lasts. */
final class Pauses {

    private Pauses() {}

    static void of(Duration time) throws InterruptedException {
        if (!time.isZero() && new CountDownLatch(1).await(time.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("nobody counts down");
        }
    }
}
