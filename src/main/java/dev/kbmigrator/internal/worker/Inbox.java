package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.support.Environment;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The executions that have finished and that their worker has not taken over yet. Safe for use by many threads: any thread adds, the
 * worker polls. The worker is woken only when enough has come in, because being woken for each KB costs more than a quick KB.
 */
final class Inbox {

    private final Environment.Signal signal;
    private final Queue<KbExecution> finished = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();
    private volatile int wakeAt = 1;

    /** Creates an empty inbox; the signal wakes its worker. */
    Inbox(Environment.Signal signal) {
        this.signal = signal;
    }

    void add(KbExecution execution) {
        finished.add(execution);
        if (size.incrementAndGet() == wakeAt) {
            signal.raise();
        }
    }

    /** Returns the next execution, or null; the worker tells {@link #taken} how many it has polled. */
    @Nullable
    KbExecution poll() {
        return finished.poll();
    }

    void taken(int count) {
        size.addAndGet(-count);
    }

    /** From now on, the worker is woken when so many executions are in. Returns whether that many are in already. */
    boolean wakeAt(int count) {
        wakeAt = count;
        return size.get() >= count;
    }
}
