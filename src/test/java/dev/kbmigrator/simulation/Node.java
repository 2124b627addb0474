package dev.kbmigrator.simulation;

import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.engine.Surroundings;
import java.time.Instant;
import java.util.concurrent.Executor;

/** One simulated process: what surrounds a replica, and whether it is dead or frozen. */
class Node implements Surroundings, Executor {

    final World world;
    final Scheduler scheduler;
    final String name;
    final int knows;
    private final long origin;
    final SimLock lock;

    Engine engine;
    boolean dead;
    boolean closed;

    /** Nothing hangs here for ever. */
    boolean healthy;

    long frozenUntil = Long.MIN_VALUE;
    long thawedAt = Long.MIN_VALUE;
    private int nonces;

    Node(World world, String name, int knows) {
        this.world = world;
        this.scheduler = world.scheduler;
        this.name = name;
        this.knows = knows;
        this.lock = new SimLock(this);
        // Any origin will do, even one from which monotonic time overflows
        this.origin = scheduler.random.nextInt(4) == 0 ? Long.MAX_VALUE - 20_000_000_000L : scheduler.random.nextLong();
    }

    /** Nothing of it runs any more; what it has sent may still arrive. */
    void crash() {
        dead = true;
        scheduler.event("CRASH", name);
        arriveOrNot();
        world.bodies.forget(this);
        world.host.crashed(this);
    }

    /** Nothing of it runs for a while. */
    void freeze(long nanos) {
        frozenUntil = scheduler.now() + nanos;
        thawedAt = frozenUntil;
        scheduler.event("FREEZE", name, nanos / 1_000_000 + " ms");
        arriveOrNot();
    }

    private void arriveOrNot() {
        for (Task task : scheduler.tasks()) {
            if (task.node == this && task.pending != null && scheduler.random.nextBoolean()) {
                task.pending.effect();
            }
        }
    }

    boolean runs() {
        return !dead && !closed;
    }

    @Override
    public long nanoTime() {
        return scheduler.now() + origin;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH.plusNanos(scheduler.now());
    }

    @Override
    public long random(long bound) {
        return scheduler.random.nextLong(bound);
    }

    @Override
    public String nonce() {
        return name + "-" + ++nonces;
    }

    @Override
    public void start(String threadName, Runnable body) {
        if (scheduler.isAlive()) {
            scheduler.spawn(this, threadName, body);
        }
    }

    @Override
    public void execute(Runnable body) {
        start("body", body);
    }

    @Override
    public Signal newSignal() {
        return new SimSignal(scheduler);
    }

    @Override
    public String toString() {
        return name;
    }
}
