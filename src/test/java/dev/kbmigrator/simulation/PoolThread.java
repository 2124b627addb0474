package dev.kbmigrator.simulation;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.locks.LockSupport;

/** A real thread that lends itself to one simulated thread after another; those of all simulations share them. */
final class PoolThread extends Thread {

    private static final ConcurrentLinkedDeque<PoolThread> IDLE = new ConcurrentLinkedDeque<>();

    private volatile Task task;
    private volatile Scheduler scheduler;
    private volatile boolean turn;

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

    /** Gives it the turn; whoever calls stops running. */
    void resume(boolean ignored) {
        turn = true;
        LockSupport.unpark(this);
    }

    /** Waits for the turn; an interrupt stays pending. */
    void waitForTurn() {
        boolean interrupted = false;
        while (!turn) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        turn = false;
        if (interrupted) {
            interrupt();
        }
    }

    @Override
    public void run() {
        while (true) {
            waitForTurn();
            Scheduler running = scheduler;
            running.runTask(task);
            Thread.interrupted();
            Runnable handOver = running.finish(task);
            IDLE.addFirst(this);
            handOver.run();
        }
    }
}
