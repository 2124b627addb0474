package dev.kbmigrator.jdbc;

import java.util.concurrent.ThreadLocalRandom;

/** The wait before a retry: random, so that two replicas in conflict do not meet again, and longer after each attempt. */
final class RetryPause {

    private static final int LONGEST_MILLIS = 200;

    private RetryPause() {}

    /** Waits. An interrupt ends the wait and stays set. */
    static void after(int attempt) {
        int most = Math.min(LONGEST_MILLIS, 4 << Math.min(attempt, 10));
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(1, most));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
