package dev.kbmigrator.simulation;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.support.Environment;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Executor;

/** One simulated process: what surrounds a replica, and whether it is dead or frozen. */
class Node implements Environment, Executor {

    private static final long MOST_WALL_SKEW = 300_000_000;
    private static final String LOOP = "kb-migrator";

    final World world;
    final Scheduler scheduler;
    final String name;
    final int knows;

    /** What it calls versions, where that is not what most do. */
    private final Map<Long, String> names;

    /** Its monotonic time. */
    final SimClock clock;

    /** How far its wall clock is off, in seconds. */
    private final long wallSkew;

    final SimLock lock;

    Engine engine;
    boolean dead;
    boolean closed;

    /** Whether a write of KBs has failed, or its response was lost. */
    boolean writesFailed;

    /** Nothing hangs here for ever. */
    boolean healthy;

    long frozenUntil = Long.MIN_VALUE;
    long thawedAt = Long.MIN_VALUE;
    private int nonces;

    Node(World world, String name, int knows, Map<Long, String> names) {
        this.world = world;
        this.scheduler = world.scheduler;
        this.name = name;
        this.knows = knows;
        this.names = names;
        this.lock = new SimLock(this);
        // Any origin will do, even one from which monotonic time overflows
        long origin = scheduler.random.nextInt(4) == 0 ? Long.MAX_VALUE - 20_000_000_000L : scheduler.random.nextLong();
        boolean skewed = world.scenario.clocksAreSkewed;
        this.clock = new SimClock(scheduler, origin, skewed);
        this.wallSkew = skewed ? scheduler.random.nextLong(-MOST_WALL_SKEW, MOST_WALL_SKEW) : 0;
    }

    /** Nothing of it runs any more; what it has sent may still arrive. */
    void crash() {
        dead = true;
        scheduler.event("CRASH", name);
        arriveOrNot();
        world.migrations.forget(this);
        world.host.crashed(this);
    }

    /** Nothing of it runs for a while. */
    void freeze(long nanos) {
        frozenUntil = scheduler.now() + nanos;
        thawedAt = frozenUntil;
        scheduler.event("FREEZE", name, nanos / 1_000_000 + " ms");
        arriveOrNot();
    }

    /** It was suspended, or so its clock says: that leaps ahead, and all that was to happen meanwhile is overdue. */
    void leap(long nanos) {
        scheduler.event("CLOCK LEAPS", name, nanos / 1_000_000 + " ms");
        clock.jump(nanos);
        thawedAt = Math.max(thawedAt, scheduler.now());
    }

    private void arriveOrNot() {
        for (Task task : scheduler.tasks()) {
            if (task.node == this && task.pending != null && scheduler.random.nextBoolean()) {
                task.pending.effect();
            }
        }
    }

    /** What it calls a migration. */
    String nameOf(MigrationInfo info) {
        return names.getOrDefault(info.version(), info.name());
    }

    /** Whether it knows what is planned under other names. */
    boolean differsFrom(Map<Long, String> planned) {
        return world.scenario.plan.stream()
                .limit(knows)
                .anyMatch(info -> !nameOf(info).equals(planned.getOrDefault(info.version(), nameOf(info))));
    }

    /** Whether it has unusual names for what is not planned yet. */
    boolean wouldAnnounceOthers(Map<Long, String> planned) {
        return names.keySet().stream().anyMatch(version -> version <= knows && !planned.containsKey(version));
    }

    boolean runs() {
        return !dead && !closed;
    }

    @Override
    public long nanoTime() {
        return clock.nanos();
    }

    @Override
    public Instant now() {
        return Instant.EPOCH.plusSeconds(MOST_WALL_SKEW + wallSkew).plusNanos(scheduler.now());
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
            if (!threadName.equals(LOOP)) {
                // The engine starts a loop under a monitor; others could not go on there
                scheduler.point();
            }
        }
    }

    @Override
    public void execute(Runnable body) {
        start("part", body);
    }

    @Override
    public Signal newSignal() {
        return new SimSignal(this);
    }

    @Override
    public String toString() {
        return name;
    }
}
