package dev.kbmigrator.simulation;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The migrations of the simulated host, which check at each of their steps that they may be at work. */
final class SimMigrations {

    private static final long MOST_HEALTHY = 30_000_000_000L;

    private final World world;
    private final Scheduler scheduler;
    private final Model model;
    private final Map<String, PartBehaviour> behaviours = new HashMap<>();
    private final List<Running> running = new ArrayList<>();

    /** The KB parts that have returned normally before they could notice a cancellation, until their leases are given back. */
    private final List<Finished> finished = new ArrayList<>();

    /** Parts that fail for ever, as {@code kb@version} and {@code @version}. */
    final Set<String> hopeless = new HashSet<>();

    record Running(Node node, int scope, MigrationContext context) {

        Execution execution() {
            return (Execution) context;
        }

        boolean isUnder(Node holder, SimLock.SimLease lease) {
            return node == holder && lockName(scope).equals(lease.name()) && context.fencingToken() == lease.token;
        }
    }

    private record Finished(Running part, String kbId, long began) {}

    SimMigrations(World world) {
        this.world = world;
        this.scheduler = world.scheduler;
        this.model = world.model;
    }

    /** The migrations that a process knows. */
    List<Migration> of(Node node) {
        List<Migration> known = new ArrayList<>();
        for (MigrationInfo info : model.migrations.subList(0, node.knows)) {
            known.add(migration(
                    node, new MigrationInfo(info.version(), node.nameOf(info), info.kbPart(), info.globalPart())));
        }
        return known;
    }

    private Migration migration(Node node, MigrationInfo info) {
        if (!info.globalPart()) {
            return KbMigration.of(info.version(), info.name(), (context, kbId) -> runKb(node, info, context, kbId));
        }
        if (!info.kbPart()) {
            return GlobalMigration.of(info.version(), info.name(), context -> runGlobal(node, info, context));
        }
        return new Migration() {
            @Override
            public void migrate(MigrationContext context) throws Exception {
                runGlobal(node, info, context);
            }

            @Override
            public void migrateKb(MigrationContext context, String kbId) throws Exception {
                runKb(node, info, context, kbId);
            }

            @Override
            public long version() {
                return info.version();
            }

            @Override
            public String name() {
                return info.name();
            }
        };
    }

    private void runKb(Node node, MigrationInfo info, MigrationContext context, String kbId) throws Exception {
        scheduler.checkAlive();
        scheduler.event("START", kbId, context.version(), context.fencingToken());
        int scope = Partitions.of(kbId);
        checkIsPlanned(info, context);
        checkKbStart(node, context, kbId);
        String key = kbId + "@" + context.version();
        model.begun.merge(key, 1, Integer::sum);
        Running part = new Running(node, scope, context);
        long began = model.tick();
        boolean done = run(part, kbId);
        scheduler.event(done ? "RETURN" : "RETURN EARLY", kbId, context.version(), context.fencingToken());
        // Not isCancelled(): a part that asks has noticed
        if (part.execution().cancellation() == null) {
            model.succeeded.merge(key, 1, Integer::sum);
        }
        if (done) {
            model.returned.add(Model.key(kbId, context.version(), context.fencingToken(), incarnation(context)));
            finished.add(new Finished(part, kbId, began));
        }
        world.mutant.returned(part.execution());
    }

    /** Which enrolment of its KB an attempt is for. */
    private static long incarnation(MigrationContext context) {
        return ((AttemptCommit) context).incarnation();
    }

    /** The KBs that a part runs for. */
    List<String> underWay() {
        return running.stream().flatMap(one -> one.context().kbId().stream()).toList();
    }

    private void checkKbStart(Node node, MigrationContext context, String kbId) {
        long version = context.version();
        if (node.closed) {
            scheduler.violate(node + " starts " + kbId + " at version " + version + " after it was closed");
        }
        if (model.current < model.barrierBefore(version)) {
            scheduler.violate(
                    kbId + " starts version " + version + " behind the barrier: the fleet is at " + model.current);
        }
        Long stored = model.versions.get(kbId);
        boolean holds = model.isCurrent(new Epoch(Partitions.of(kbId), context.fencingToken()));
        boolean same = Objects.equals(model.incarnations.get(kbId), incarnation(context));
        if (holds && same && world.host.isThere(kbId) && stored != null && model.nextFor(stored) != version) {
            scheduler.violate(kbId + " starts version " + version + " while it is at version " + stored);
        }
    }

    /** What starts is what the fleet means by that version, and not only called so. */
    private void checkIsPlanned(MigrationInfo info, MigrationContext context) {
        String planned = model.names.get(info.version());
        if (info.version() != context.version()
                || !context.name().equals(planned)
                || !info.name().equals(planned)) {
            scheduler.violate(info + " starts as version " + context.version() + ", " + context.name()
                    + ", but in the plan it is " + planned);
        }
    }

    private void runGlobal(Node node, MigrationInfo info, MigrationContext context) throws Exception {
        scheduler.checkAlive();
        long version = context.version();
        scheduler.event("START GLOBAL", version, context.fencingToken());
        checkIsPlanned(info, context);
        if (node.closed) {
            scheduler.violate(node + " starts the global part of version " + version + " after it was closed");
        }
        long look = -1;
        for (Task task : scheduler.tasks()) {
            if (task.node == node && task.name.equals("kb-migrator-coordinator")) {
                look = Math.max(look, task.lastLook);
            }
        }
        String behind = model.behind(version, look);
        if (behind != null) {
            scheduler.violate("the global part of version " + version + " starts, but " + behind + " is behind");
        }
        boolean holds = model.isCurrent(new Epoch(Epoch.COORDINATOR, context.fencingToken()));
        if (holds && model.stageEnd(model.current, version) != version) {
            scheduler.violate("the global part of version " + version + " starts at version " + model.current);
        }
        if (holds && world.isRecordedAsDone(version)) {
            scheduler.violate(
                    "the global part of version " + version + " starts again, though it is on record as done");
        }
        Running part = new Running(node, Epoch.COORDINATOR, context);
        boolean done = run(part, "");
        scheduler.event(done ? "RETURN GLOBAL" : "RETURN GLOBAL EARLY", version);
        if (done) {
            model.globalReturned.add(version);
        }
        world.mutant.returned(part.execution());
    }

    private PartBehaviour behaviour(String key) {
        return behaviours.computeIfAbsent(key, made -> new PartBehaviour(world, made));
    }

    /** Returns whether the part has done everything, and could not notice a cancellation before. */
    private boolean run(Running one, String kbId) throws Exception {
        String key = kbId + "@" + one.context().version();
        PartBehaviour behaviour = behaviour(key);
        int attempt = ++behaviour.attempts;
        String mark = key + "#" + incarnation(one.context()) + "/";
        checkCheckpoint(one.context(), mark);
        running.add(one);
        try {
            return act(one, behaviour, key, attempt, mark)
                    && !Thread.currentThread().isInterrupted();
        } catch (InterruptedException | MigrationCancelledException e) {
            if (!behaviour.quiet) {
                throw e;
            }
            return false;
        } finally {
            running.remove(one);
        }
    }

    /** Returns whether the part has come to its end. */
    private boolean act(Running one, PartBehaviour behaviour, String key, int attempt, String mark) throws Exception {
        if (!steps(one, behaviour, mark)) {
            return false;
        }
        if (hopeless.contains(key) || attempt <= behaviour.failures) {
            throw new IllegalStateException("simulated: " + key + " failed, attempt " + attempt);
        }
        if (behaviour.hangs(attempt)) {
            scheduler.event("HANG", key);
            return hang(one, behaviour);
        }
        return true;
    }

    private boolean stopsAt(Running one, PartBehaviour behaviour) {
        return behaviour.quiet && world.mutant.isCancelled(one.execution());
    }

    private void checkCheckpoint(MigrationContext context, String mark) {
        String found = context.lastCheckpoint(String.class).orElse("");
        if (!found.isEmpty() && !found.startsWith(mark)) {
            scheduler.violate(mark + " was given another's checkpoint, " + found);
        }
    }

    private boolean steps(Running one, PartBehaviour behaviour, String mark) throws Exception {
        for (int i = 0; i < behaviour.steps; i++) {
            if (behaviour.deaf) {
                scheduler.sleep(scheduler.millis(0, behaviour.stepMillis));
            } else {
                scheduler.sleepInterruptibly(scheduler.millis(0, behaviour.stepMillis));
            }
            checkStep(one);
            if (stopsAt(one, behaviour)) {
                return false;
            }
            if (behaviour.checkpoints) {
                one.context().saveCheckpoint(mark + i);
            }
        }
        return true;
    }

    private boolean hang(Running one, PartBehaviour behaviour) throws InterruptedException {
        long until = scheduler.now()
                + (one.node().healthy ? Math.min(behaviour.hangNanos, MOST_HEALTHY) : behaviour.hangNanos);
        while (scheduler.now() < until) {
            if (behaviour.deaf) {
                scheduler.sleep(Math.min(1_000_000_000, until - scheduler.now()));
            } else {
                scheduler.sleepInterruptibly(Math.min(1_000_000_000, until - scheduler.now()));
            }
            checkStep(one);
            if (stopsAt(one, behaviour)) {
                return false;
            }
        }
        return true;
    }

    /** What runs under a lease that its own holder must know to be over has been told to stop. */
    private void checkStep(Running one) {
        if (isOver(one.node(), one.scope(), one.context().fencingToken())
                && one.execution().cancellation() == null) {
            scheduler.violate("a part that runs on " + one.node()
                    + " goes on uncancelled after the deadline of its lease of scope " + one.scope());
        }
    }

    private boolean isOver(Node node, int scope, long token) {
        SimLock.SimLease lease = node.lock.leases.get(lockName(scope));
        if (lease == null || lease.released || lease.token != token) {
            return false;
        }
        long ttl = world.scenario.ttl.toNanos();
        long slack = ttl / 24 + 50_000_000;
        return node.nanoTime() - lease.sentAt > ttl / 3 * 2 + slack
                && scheduler.now() > node.thawedAt + slack / 10 * 11;
    }

    /** Completions are sent only under leases that are not over. */
    void checkSent(Node node, Collection<Epoch> epochs) {
        for (Epoch epoch : epochs) {
            if (isOver(node, epoch.scope(), epoch.number())) {
                scheduler.violate(node + " sends a write after the deadline of its lease of scope " + epoch.scope());
            }
        }
    }

    /** Nothing runs any more under a lease that is given back, and what has finished under it is on record. */
    void checkReleased(Node node, SimLock.SimLease lease) {
        for (Running one : running) {
            if (one.isUnder(node, lease)) {
                scheduler.violate(node + " releases " + lease.name() + " while a part runs under it");
            }
        }
        for (Finished one : List.copyOf(finished)) {
            if (one.part().isUnder(node, lease)) {
                finished.remove(one);
                checkRecorded(node, one, lease);
            }
        }
    }

    /** A part that could not notice that it is to stop, and returned normally, counts, unless the lease was lost or the store failed. */
    private void checkRecorded(Node node, Finished one, SimLock.SimLease lease) {
        long version = one.part().context().version();
        Long stored = model.versions.get(one.kbId());
        boolean held = !lease.lost
                && !one.part().execution().scope().isLost()
                && !node.writesFailed
                && model.isCurrent(one.part().execution().epoch())
                && node.nanoTime() - lease.sentAt < world.scenario.ttl.toNanos() / 2;
        if (held && stored != null && stored < version && model.enrolledAt.get(one.kbId()) < one.began()) {
            scheduler.violate(node + " releases " + lease.name() + ", but that " + one.kbId() + " has reached version "
                    + version + " is not on record");
        }
    }

    static String lockName(int scope) {
        return scope == Epoch.COORDINATOR ? "migrations" : String.format("partition-%03d", scope);
    }

    void forget(Node node) {
        running.removeIf(one -> one.node() == node);
        finished.removeIf(one -> one.part().node() == node);
    }
}
