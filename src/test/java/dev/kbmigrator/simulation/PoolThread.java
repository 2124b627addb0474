package dev.kbmigrator.simulation;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.locks.LockSupport;

/** A real thread that lends itself to one simulated thread after another; those of all simulations share them. */
final class PoolThread extends Thread {

    private static final ConcurrentLinkedDeque<PoolThread> IDLE = new ConcurrentLinkedDeque<>();

    private volatile Task task;
    private volatile Scheduler scheduler;
    private volatile boolean turn;
    private volatile boolean interruptPending;

    private PoolThread() {
        super("simulated");
        setDaemon(true);
    }

    static void lendTo(Task task, Scheduler scheduler) {
        PoolThread thread = IDLE.pollFirst();
        if (thread == null) {
            thread = new PoolThread();
            thread.start();
        }
        thread.scheduler = scheduler;
        thread.task = task;
        task.runsOn(thread);
    }

    /** The simulation that it works for. */
    Scheduler scheduler() {
        return scheduler;
    }

    /** Gives it the turn; whoever calls stops running. */
    void giveTurn() {
        turn = true;
        LockSupport.unpark(this);
    }

    /**
     * An interrupt arrives when the thread next has its turn: one that arrived in between would be noticed at an instant that
     * no seed decides.
     */
    @Override
    public void interrupt() {
        if (Thread.currentThread() == this) {
            super.interrupt();
        } else {
            interruptPending = true;
        }
    }

    /** Before the turn is handed over. */
    void keepInterrupt() {
        interruptPending |= Thread.interrupted();
    }

    private void clearInterrupt() {
        if (Thread.interrupted() || interruptPending) {
            interruptPending = false;
        }
    }

    boolean isInterruptPending() {
        return interruptPending;
    }

    void waitForTurn() {
        while (!turn) {
            LockSupport.park(this);
        }
        turn = false;
        if (interruptPending) {
            interruptPending = false;
            super.interrupt();
        }
    }

    @Override
    public void run() {
        while (true) {
            waitForTurn();
            Scheduler running = scheduler;
            running.runTask(task);
            clearInterrupt();
            Runnable handOver = running.finish(task);
            IDLE.addFirst(this);
            handOver.run();
        }
    }
}
