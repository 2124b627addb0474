package dev.kbmigrator.internal.support;

import java.time.Instant;

/**
 * Everything that a replica needs from its environment: time, waiting, threads and randomness. With another implementation, a
 * test runs many replicas of the real engine under one seeded scheduler, in virtual time. Safe for use by many threads.
 */
public interface Environment {

    /** Returns monotonic time in nanoseconds, from an arbitrary origin. */
    long nanoTime();

    /** Returns the wall clock of this node; for people to read, never for a decision. */
    Instant now();

    /** Returns a random number from 0 (inclusive) to {@code bound} (exclusive). */
    long random(long bound);

    /** Returns a text that nobody else will ever make. */
    String nonce();

    /** Runs a task in a new thread. */
    void start(String threadName, Runnable task);

    /** Returns a new signal. */
    Signal newSignal();

    /** Stays raised until a thread has waited for it. Safe for use by many threads; one waits at a time. */
    interface Signal {

        /** Ends a wait: the current one, or the next. */
        void raise();

        /** Waits until the signal is raised, for at most the given time. Not interruptible. */
        void await(long nanos);

        /** Waits likewise in a thread of the host, which may be interrupted. */
        void awaitInterruptibly(long nanos) throws InterruptedException;
    }
}
