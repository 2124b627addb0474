package dev.kbmigrator.internal.engine;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A thread that runs bodies, one after another, while it runs them. */
final class Slot {

    private final Surroundings surroundings;
    private final Thread thread;
    private @Nullable Body current;
    private long startedAt;
    private boolean shielded;
    private boolean interruptPending;
    private boolean givenUp;

    Slot(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.thread = Thread.currentThread();
    }

    synchronized void begin(Body body) {
        current = body;
        startedAt = surroundings.nanoTime();
        interruptPending = false;
    }

    /** From here on, nobody interrupts the thread on account of the body. Answers how long it ran, in nanoseconds. */
    synchronized long end() {
        current = null;
        interruptPending = false;
        // Whoever interrupted, even the body itself, meant the body that has ended, not what this thread does next
        Thread.interrupted();
        return surroundings.nanoTime() - startedAt;
    }

    synchronized @Nullable Body current() {
        return current;
    }

    synchronized long startedAt() {
        return startedAt;
    }

    /** Interrupts the body, if it is still the one that runs; at once, or after its call to the store. */
    synchronized void interrupt(Body body) {
        if (current == body) {
            interruptPending = true;
            if (!shielded) {
                thread.interrupt();
            }
        }
    }

    /** Takes the body away from the thread, if it is still the one that runs. */
    synchronized boolean giveUp(Body body) {
        if (current != body || givenUp) {
            return false;
        }
        givenUp = true;
        return true;
    }

    synchronized boolean isGivenUp() {
        return givenUp;
    }

    <T> @Nullable T shielded(Supplier<@Nullable T> call) {
        if (Thread.currentThread() != thread) {
            // A thread that the migration itself started: nobody else interrupts it
            return call.get();
        }
        boolean interrupted;
        synchronized (this) {
            shielded = true;
            interrupted = Thread.interrupted();
        }
        try {
            return call.get();
        } finally {
            synchronized (this) {
                shielded = false;
                if (interrupted || interruptPending) {
                    thread.interrupt();
                }
            }
        }
    }
}
