package dev.kbmigrator.internal.support;

import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The real environment. The only class of {@code internal} that touches the clock, threads and randomness.
 *
 * <p>All of its threads have the context class loader of the thread that created this object, which is the one with which the migrations
 * were found. They inherit nothing from the thread that starts them, which may serve a request: neither its context class loader, nor
 * its inheritable thread locals, nor its priority.
 */
public final class SystemEnvironment implements Environment {

    private static final long KEEP_ALIVE_SECONDS = 5;

    private final @Nullable ClassLoader loader = Thread.currentThread().getContextClassLoader();

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long random(long bound) {
        return ThreadLocalRandom.current().nextLong(bound);
    }

    @Override
    public String nonce() {
        return UUID.randomUUID().toString();
    }

    @Override
    public void start(String threadName, Runnable task) {
        daemon(threadName, task).start();
    }

    @Override
    public Signal newSignal() {
        return new ConditionSignal();
    }

    /**
     * Returns an executor whose threads live only while there is something to run. The engine limits how many tasks it submits
     * at a time.
     */
    public Executor newExecutor() {
        ThreadFactory threads = task -> daemon("kb-migrator-execution", task);
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    }

    /** The priority is set only so that it is not inherited. */
    @SuppressWarnings("ThreadPriorityCheck")
    private Thread daemon(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, 0, false);
        thread.setDaemon(true);
        thread.setPriority(Thread.NORM_PRIORITY);
        thread.setContextClassLoader(loader);
        return thread;
    }

    private static final class ConditionSignal implements Signal {

        private final ReentrantLock lock = new ReentrantLock();
        private final Condition condition = lock.newCondition();
        private boolean raised;

        @Override
        public void raise() {
            lock.lock();
            try {
                raised = true;
                condition.signalAll();
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void await(long nanos) {
            boolean interrupted = false;
            long deadline = System.nanoTime() + nanos;
            while (true) {
                try {
                    awaitInterruptibly(deadline - System.nanoTime());
                    break;
                } catch (InterruptedException e) {
                    // Nobody should interrupt an engine thread; the interrupt is restored after the wait
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void awaitInterruptibly(long nanos) throws InterruptedException {
            long left = nanos;
            lock.lockInterruptibly();
            try {
                while (!raised && left > 0) {
                    left = condition.awaitNanos(left);
                }
                raised = false;
            } finally {
                lock.unlock();
            }
        }
    }
}
