package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.support.Environment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Runs executions on the host's executor, a limited number at a time. A thread takes one execution after another from the queue, so
 * that no thread is handed over for each KB, and returns to the executor when the queue is empty. Safe for use by many threads.
 *
 * <p>An execution that does not stop when it is told to is abandoned after a while: its thread no longer counts, and another takes its
 * place. At most as many threads may be abandoned as the pool has; then nothing more is started until one of them returns.
 */
public final class ExecutionPool {

    private final Executor executor;
    private final int size;
    private final Environment environment;
    private final Runnable onQueueEmpty;

    /** Executions are added under this object's monitor, so that no thread leaves at that moment; they are taken without it. */
    private final Queue<Execution> queue = new ConcurrentLinkedQueue<>();

    private final AtomicInteger backlog = new AtomicInteger();
    private final Set<ExecutionThread> threads = new LinkedHashSet<>();
    private final Set<ExecutionThread> extraThreads = new LinkedHashSet<>();
    private volatile boolean closing;
    private volatile boolean paused;
    private int starting;
    private int abandoned;
    private @Nullable Rejection rejection;

    /**
     * The host's executor does not accept tasks.
     *
     * @param error what it throws
     * @param since since when, in monotonic time
     */
    public record Rejection(Throwable error, long since) {}

    /**
     * Creates a pool without threads.
     *
     * @param size the most executions that run at a time
     * @param onQueueEmpty what to call when the last queued execution is taken
     */
    public ExecutionPool(Executor executor, int size, Environment environment, Runnable onQueueEmpty) {
        this.executor = executor;
        this.size = size;
        this.environment = environment;
        this.onQueueEmpty = onQueueEmpty;
    }

    /** From here on, nothing more is started; what is queued is returned as cancelled. */
    public void close() {
        closing = true;
    }

    /** While paused, nothing is started; what is queued is returned as cancelled. */
    public void pause(boolean whether) {
        paused = whether;
    }

    private boolean isHalted() {
        return closing || paused;
    }

    /** Returns the most executions that run at a time. */
    public int size() {
        return size;
    }

    /** Returns how many executions are queued. */
    public int backlog() {
        return backlog.get();
    }

    /** Returns whether so many executions cannot be stopped that nothing more is started. */
    public synchronized boolean isExhausted() {
        return abandoned >= size;
    }

    /** Queues executions. If nothing more is started, they are returned as not started, so that others can run them. */
    public void offer(Collection<? extends Execution> executions) {
        int wanted;
        synchronized (this) {
            backlog.addAndGet(executions.size());
            queue.addAll(executions);
            wanted = isExhausted() ? 0 : Math.min(backlog.get(), size - threads.size() - starting);
            starting += Math.max(0, wanted);
        }
        for (int i = 0; i < wanted; i++) {
            startThread();
        }
        if (isExhausted()) {
            returnQueued();
        }
    }

    private void returnQueued() {
        for (Execution execution = poll(); execution != null; execution = poll()) {
            execution.abandon();
        }
    }

    /** Runs one execution at once, in addition to the others. */
    public void runExtra(Execution execution) {
        try {
            executor.execute(() -> {
                ExecutionThread thread = new ExecutionThread(environment);
                synchronized (this) {
                    rejection = null;
                    extraThreads.add(thread);
                }
                thread.run(execution, this::isHalted);
                synchronized (this) {
                    extraThreads.remove(thread);
                }
            });
        } catch (RuntimeException | Error e) {
            throw rejected(e);
        }
    }

    private void startThread() {
        try {
            executor.execute(this::runQueued);
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                starting--;
                if (!threads.isEmpty() || starting > 0) {
                    // The threads that run will take what is queued
                    return;
                }
            }
            returnRejected();
            throw rejected(e);
        }
    }

    /** The host's executor does not accept tasks: what is queued counts as not started. */
    private void returnRejected() {
        for (Execution execution = poll(); execution != null; execution = poll()) {
            execution.cancel(Cancellation.CLOSING);
            execution.abandon();
        }
    }

    private synchronized RejectedExecutionException rejected(Throwable error) {
        if (rejection == null) {
            rejection = new Rejection(error, environment.nanoTime());
        }
        return new RejectedExecutionException("the host's executor does not accept tasks: " + error, error);
    }

    /** Returns since when the host's executor does not accept tasks; null when it accepted the last one. */
    public synchronized @Nullable Rejection rejection() {
        return rejection;
    }

    private void runQueued() {
        ExecutionThread thread = new ExecutionThread(environment);
        synchronized (this) {
            rejection = null;
            starting--;
            threads.add(thread);
        }
        while (!thread.isAbandoned()) {
            Execution execution = pollOrLeave(thread);
            if (execution == null) {
                return;
            }
            thread.run(execution, this::isHalted);
        }
        leave(thread);
    }

    private @Nullable Execution poll() {
        Execution execution = queue.poll();
        if (execution != null) {
            backlog.decrementAndGet();
        }
        return execution;
    }

    private @Nullable Execution pollOrLeave(ExecutionThread thread) {
        Execution execution = queue.poll();
        if (execution == null) {
            synchronized (this) {
                execution = queue.poll();
                if (execution == null) {
                    threads.remove(thread);
                }
            }
        }
        if (execution != null && backlog.decrementAndGet() == 0) {
            onQueueEmpty.run();
        }
        return execution;
    }

    private void leave(ExecutionThread thread) {
        boolean restart;
        synchronized (this) {
            if (!threads.remove(thread)) {
                abandoned--;
            }
            restart = !queue.isEmpty();
        }
        if (restart) {
            offer(List.of());
        }
    }

    private synchronized List<ExecutionThread> all() {
        List<ExecutionThread> all = new ArrayList<>(threads);
        all.addAll(extraThreads);
        return all;
    }

    /** Returns the threads that run something now. */
    public List<ExecutionThread> busy() {
        return all().stream().filter(thread -> thread.current() != null).toList();
    }

    /** Cancels and interrupts what runs under a scope that is lost. */
    public void cancelUnder(HeldScope lost) {
        cancel(execution -> execution.scope() == lost, Cancellation.LOST, true);
    }

    /** Cancels everything that runs, because the replica closes. */
    public void cancelAll(boolean interrupt) {
        cancel(execution -> true, Cancellation.CLOSING, interrupt);
    }

    private void cancel(Predicate<Execution> which, Cancellation reason, boolean interrupt) {
        for (ExecutionThread thread : all()) {
            Execution execution = thread.current();
            if (execution != null && which.test(execution)) {
                execution.cancel(reason);
                if (interrupt) {
                    thread.interrupt(execution);
                }
            }
        }
    }

    /** Abandons an execution that does not stop, and puts another thread in the place of its thread. */
    void abandon(ExecutionThread thread, Execution execution) {
        if (!thread.abandon(execution)) {
            return;
        }
        synchronized (this) {
            if (threads.remove(thread)) {
                abandoned++;
            }
            extraThreads.remove(thread);
        }
        execution.abandon();
        offer(List.of());
    }
}
