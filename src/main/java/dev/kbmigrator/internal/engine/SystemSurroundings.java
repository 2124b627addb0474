package dev.kbmigrator.internal.engine;

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

/** The real ones. The only class of the engine that touches the clock, threads and chance. */
public final class SystemSurroundings implements Surroundings {

    private static final long KEEP_ALIVE_SECONDS = 5;

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
    public void start(String name, Runnable body) {
        daemon(name, body).start();
    }

    @Override
    public Signal newSignal() {
        return new ConditionSignal();
    }

    /** A pool whose threads live only while there is something to run; how many run at a time is the engine's business. */
    public static Executor newBodyExecutor() {
        ThreadFactory threads = body -> daemon("kb-migrator-body", body);
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    }

    private static Thread daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
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
                    // Nobody is to interrupt an engine thread; whoever did is told again after the wait
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
