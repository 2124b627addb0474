package dev.kbmigrator.internal.engine;

import java.time.Instant;

/**
 * All that a replica needs from what surrounds it: time, waiting, threads and chance. A test can run many replicas of the
 * real engine under one seeded scheduler by giving it another implementation.
 */
public interface Surroundings {

    /** Monotonic time in nanoseconds, from an arbitrary origin. */
    long nanoTime();

    /** The host's wall clock; for people to read, never for a decision. */
    Instant now();

    /** A number from 0 (inclusive) to {@code bound} (exclusive). */
    long random(long bound);

    /** A text that nobody else will ever make. */
    String nonce();

    /** Runs something in a thread of its own. */
    void start(String name, Runnable body);

    /** Something to wait for. */
    Signal newSignal();

    /** Remembers that it was raised until someone has waited for it. Safe for use by many threads; one waits at a time. */
    interface Signal {

        /** Ends a wait, the current one or the next. */
        void raise();

        /** Waits until raised, but no longer than that. Not interruptible. */
        void await(long nanos);

        /** The same, for a thread of the host's, which may be interrupted. */
        void awaitInterruptibly(long nanos) throws InterruptedException;
    }
}
