package dev.kbmigrator.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for real time to pass. */
final class Waiting {

    private Waiting() {}

    /** Blocks until at least this much real time has passed. */
    static void forAtLeast(Duration time) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < time.toNanos()) {
            LockSupport.parkNanos(Math.max(1, time.toNanos() - (System.nanoTime() - start)));
        }
    }
}
