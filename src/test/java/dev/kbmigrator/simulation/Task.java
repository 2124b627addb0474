package dev.kbmigrator.simulation;

import java.util.HashMap;
import java.util.Map;

/** A simulated thread. It runs on a thread of the pool, and only while it has its turn. */
final class Task {

    final int id;
    final String name;
    final Node node;
    final Runnable body;

    /** Until when it sleeps, in virtual nanoseconds. */
    long wakeAt = Long.MIN_VALUE;

    /** What else may end its sleep. */
    SimSignal signal;

    /** Whether an interrupt ends its sleep. */
    boolean interruptible;

    boolean finished;

    /** The call that it has sent and that has not been answered; it may still take effect when the replica is gone. */
    CallInFlight<?> pending;

    /** The latest lease of each name that this thread got. */
    final Map<String, SimLock.SimLease> granted = new HashMap<>();

    /** When the last look was answered that this thread made: a number of the {@link Model}'s. */
    long lastLook = -1;

    /** When it last looked at the host's list: a number of the {@link Model}'s. */
    long knowsHostSince = -1;

    private PoolThread thread;

    Task(int id, String name, Node node, Runnable body) {
        this.id = id;
        this.name = name;
        this.node = node;
        this.body = body;
    }

    void runsOn(PoolThread poolThread) {
        this.thread = poolThread;
    }

    PoolThread thread() {
        return thread;
    }

    boolean isRunnable(long now) {
        if (node != null && (node.dead || node.frozenUntil > now)) {
            return false;
        }
        return wakeAt <= now || (signal != null && signal.raised) || (interruptible && thread.isInterruptPending());
    }

    /** When it becomes runnable if nothing else happens. */
    long wakesBy() {
        if (node == null) {
            return wakeAt;
        }
        return node.dead ? Long.MAX_VALUE : Math.max(wakeAt, node.frozenUntil);
    }

    @Override
    public String toString() {
        return (node == null ? "" : node.name + "/") + name + "#" + id;
    }
}
