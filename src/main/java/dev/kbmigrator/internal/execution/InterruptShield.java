package dev.kbmigrator.internal.execution;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps interrupts away from a thread while it calls the store: an interrupt during file I/O would close the file of an embedded
 * database. An interrupt that comes during such a call is delivered after it. Safe for use by many threads.
 */
final class InterruptShield {

    private final Thread thread = Thread.currentThread();
    private boolean shielded;
    private boolean pending;

    /** Makes a call that is not interrupted. */
    <T> @Nullable T call(Supplier<@Nullable T> call) {
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
                if (interrupted || pending) {
                    thread.interrupt();
                }
            }
        }
    }

    /** Interrupts the thread, now or after its call to the store. */
    synchronized void interrupt() {
        pending = true;
        if (!shielded) {
            thread.interrupt();
        }
    }

    /** Forgets interrupts that were meant for the execution before. */
    synchronized void reset() {
        pending = false;
    }
}
