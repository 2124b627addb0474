package dev.kbmigrator.simulation;

import static dev.kbmigrator.simulation.WeightedTable.row;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Runs the fleet of one seed: first a storm, in which anything may happen; then calm, in which all must come to an end. */
final class Simulation {

    private static final long CALM_SECONDS = 1_200;
    private static final long HOUR_SECONDS = 3_600;
    private static final long MOST_STORE_JUMP_MILLIS = 2_000;
    private static final long REMIND_SECONDS = 60;
    private static final int MOST_REPLICAS = 4;
    private static final long LONG_OUTAGE_NANOS = 300_000_000_000L;

    /** What may happen in a storm. */
    private static final WeightedTable<Action> ACTIONS = WeightedTable.of(List.of(
            row(4, "another replica starts", Simulation::startAnother),
            row(2, "a process dies", (simulation, node) -> node.crash()),
            row(2, "a process stands still", Simulation::freeze),
            row(2, "a replica is closed", Simulation::closeInHost),
            row(2, "a KB is created", Simulation::create),
            row(2, "a KB is deleted", Simulation::delete),
            row(2, "a KB is made anew under its id", Simulation::replace),
            row(1, "migrations are paused for a while", Simulation::pause),
            row(2, "a KB is asked for", Simulation::ask),
            row(1, "a failing version is skipped", Simulation::skip),
            row(1, "the lock service forgets", (simulation, node) -> simulation.world.locks.forget()),
            row(1, "the status is read", Simulation::readStatus),
            row(2, "an operator moves the target", Simulation::operate),
            row(1, "a KB is set aside", (simulation, node) -> simulation.setAside()),
            row(2, "a clock jumps", Simulation::skewClocks),
            row(2, "a service is away", Simulation::loseService)));

    private static final WeightedTable<Consumer<Simulation>> OUTAGES = WeightedTable.of(List.of(
            row(1, "the store", Simulation::loseStore), row(1, "the lock service", Simulation::loseLockService)));

    private static final WeightedTable<Action> OPERATIONS = WeightedTable.of(List.of(
            row(1, "remove the cap", Simulation::removeCap), row(2, "abandon the target", Simulation::abandon)));

    private static final WeightedTable<Action> CLOCKS = WeightedTable.of(List.of(
            row(1, "of the process", Simulation::leap),
            row(1, "of the lock service", (simulation, node) -> simulation.jumpLockClock()),
            row(1, "of the store", (simulation, node) -> simulation.jumpStoreClock())));

    private static final WeightedTable<Start> STARTS = WeightedTable.of(List.of(
            row(1, "not at all", Simulation::buildOnly),
            row(2, "with run()", Simulation::startWithRun),
            row(5, "with start()", Simulation::startInBackground)));

    /** What happens to a replica, or while it runs. */
    @FunctionalInterface
    private interface Action {
        void act(Simulation simulation, Node node);
    }

    /** How a host starts a replica. */
    @FunctionalInterface
    private interface Start {
        void start(Simulation simulation, Node node, Long cap);
    }

    private final World world;
    private final Scheduler scheduler;
    private int pausedBy;
    private boolean capped;
    private boolean withdrawn;

    /**
     * How it went.
     *
     * @param violation what was wrong; null when nothing was
     * @param hash of all that happened
     * @param steps how often another thread could have gone on
     * @param virtualNanos how long it took in virtual time
     */
    record Result(long seed, String violation, long hash, long steps, long virtualNanos, String scenario, Trace trace) {

        String describe(int events) {
            return "seed " + seed + ": " + violation + "\n  replay: mvn -q test -Dtest=SimulationTest -Dsimulate.seed="
                    + seed + "\n  " + scenario + "\n  " + String.join("\n  ", trace.last(events));
        }
    }

    private Simulation(long seed, Mutant mutant) {
        this.world = new World(seed, mutant);
        this.scheduler = world.scheduler;
    }

    static Result run(long seed, Mutant mutant) {
        return new Simulation(seed, mutant).run();
    }

    /** How many seeds it takes to find a planted bug; 0 when that many are not enough. */
    static int seedsToFind(Mutant bug, int most) {
        for (int seed = 1; seed <= most; seed++) {
            if (run(seed, bug).violation() != null) {
                return seed;
            }
        }
        return 0;
    }

    private Result run() {
        try {
            scheduler.run(this::drive);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + world.seed + " under " + world.mutant + ": " + e.getMessage(), e);
        }
        String violation = scheduler.violation();
        return new Result(
                world.seed,
                violation == null || !violation.startsWith("no end") ? violation : violation + ": " + world.missing(),
                scheduler.trace.hash(),
                scheduler.steps(),
                scheduler.now(),
                world.scenario.toString(),
                scheduler.trace);
    }

    private void drive() {
        for (int i = 0; i < world.scenario.firstKbs; i++) {
            world.host.listed.add(world.host.fresh());
        }
        chooseHopeless();
        chooseRejected();
        startReplica();
        for (int i = 0; i < world.scenario.actions; i++) {
            scheduler.sleep(
                    world.scenario.slowness * scheduler.millis(0, scheduler.random.nextInt(3) == 0 ? 5_000 : 500));
            act();
        }
        if (world.scenario.slowness > 1) {
            scheduler.sleep(HOUR_SECONDS * 1_000_000_000);
        }
        if (world.storeAwayUntil > scheduler.now()) {
            scheduler.sleep(world.storeAwayUntil - scheduler.now() + 1_000_000_000);
        }
        calm();
        scheduler.stop();
    }

    private void chooseHopeless() {
        if (world.scenario.hasHopeless) {
            boolean global = scheduler.random.nextInt(3) == 0;
            String kbId = global ? "" : pick(new ArrayList<>(world.host.listed));
            MigrationInfo info = pick(world.scenario.plan.stream()
                    .filter(one -> global ? one.globalPart() : one.kbPart())
                    .toList());
            if (info != null) {
                world.migrations.hopeless.add(kbId + "@" + info.version());
            }
        }
    }

    private void chooseRejected() {
        String kbId = world.scenario.rejectsRows ? pick(new ArrayList<>(world.host.listed)) : null;
        MigrationInfo info =
                pick(world.scenario.plan.stream().filter(MigrationInfo::kbPart).toList());
        if (kbId != null && info != null) {
            world.rejected.add(kbId + "@" + info.version());
        }
    }

    private <T> T pick(List<T> list) {
        return list.isEmpty() ? null : list.get(scheduler.random.nextInt(list.size()));
    }

    private Node anyNode() {
        return pick(world.nodes.stream().filter(Node::runs).toList());
    }

    private void act() {
        Action action = ACTIONS.draw(scheduler.random);
        Node node = anyNode();
        if (node == null) {
            startReplica();
        } else {
            action.act(this, node);
        }
    }

    private void startAnother(Node node) {
        if (world.nodes.stream().filter(Node::runs).count() < MOST_REPLICAS) {
            startReplica();
        } else {
            skewClocks(node);
        }
    }

    private void freeze(Node node) {
        node.freeze(scheduler.millis(100, 3 * world.scenario.ttl.toMillis()));
    }

    private void closeInHost(Node node) {
        asHost(node, "close", () -> close(node));
    }

    private void readStatus(Node node) {
        asHost(node, "status", () -> node.engine.status());
    }

    private void loseService(Node node) {
        OUTAGES.draw(scheduler.random).accept(this);
    }

    private void loseStore() {
        boolean isLong = world.scenario.hasLongOutages && scheduler.random.nextBoolean();
        long nanos = isLong ? LONG_OUTAGE_NANOS : outageNanos();
        scheduler.event("THE STORE IS AWAY", nanos / 1_000_000 + " ms");
        world.storeAwayUntil = scheduler.now() + nanos;
    }

    private void loseLockService() {
        long nanos = outageNanos();
        scheduler.event("THE LOCK SERVICE IS AWAY", nanos / 1_000_000 + " ms");
        world.lockAwayUntil = scheduler.now() + nanos;
    }

    private long outageNanos() {
        return scheduler.millis(100, 2 * world.scenario.ttl.toMillis());
    }

    /** People change their minds about where the fleet is to go. */
    private void operate(Node node) {
        if (world.scenario.hasOperators) {
            OPERATIONS.draw(scheduler.random).act(this, node);
        }
    }

    private void removeCap(Node node) {
        asHost(node, "removeCap", () -> node.engine.setCap(Long.MAX_VALUE));
    }

    private void abandon(Node node) {
        withdrawn = true;
        asHost(node, "abandon", () -> {
            scheduler.event("ABANDON", node.name);
            node.engine.abandonTarget("simulated");
        });
    }

    /** Sets a KB aside, as a person with a tool would who takes the partition for it. */
    private void setAside() {
        String kbId = pick(new ArrayList<>(world.model.versions.keySet()));
        long next = kbId == null ? 0 : world.model.nextFor(world.model.versions.get(kbId));
        if (next > 0 && world.scenario.hasOperators) {
            scheduler.event("SET ASIDE", kbId, next);
            world.model.everSetAside.add(kbId);
            Collection<Epoch> epochs =
                    world.store.openEpochs(Set.of(Partitions.of(kbId))).values();
            world.store.write(
                    epochs,
                    List.of(Writes.failed(
                            world.store, kbId, world.model.versions.get(kbId), next, 1, "simulated", null)));
        }
    }

    private void skewClocks(Node node) {
        if (world.scenario.clocksAreSkewed) {
            CLOCKS.draw(scheduler.random).act(this, node);
        }
    }

    private void leap(Node node) {
        node.leap(scheduler.millis(0, 2 * world.scenario.ttl.toMillis()));
    }

    private void jumpLockClock() {
        long most = 2 * world.scenario.ttl.toMillis();
        world.locks.jump(scheduler.millis(-most, most));
    }

    private void jumpStoreClock() {
        long nanos = scheduler.millis(-2 * world.scenario.ttl.toMillis(), MOST_STORE_JUMP_MILLIS);
        scheduler.event("THE STORE'S CLOCK JUMPS", nanos / 1_000_000 + " ms");
        world.storeClock.jump(nanos);
    }

    /** One that knows some of the migrations, or all. */
    private void startReplica() {
        int knows = 1 + scheduler.random.nextInt(world.scenario.plan.size());
        Node node = world.newNode(knows, scheduler.random.nextInt(3) == 0);
        Start start = STARTS.draw(scheduler.random);
        Long cap = world.scenario.hasOperators && scheduler.random.nextBoolean()
                ? (Long) (long) scheduler.random.nextInt(world.scenario.plan.size() + 1)
                : null;
        start.start(this, node, cap);
    }

    private void buildOnly(Node node, Long cap) {
        scheduler.event("BUILT ONLY", node.name);
    }

    private void startWithRun(Node node, Long cap) {
        capped |= cap != null;
        asHost(node, "run", () -> {
            scheduler.event("RUN", node.name, cap);
            node.engine.run(cap);
            scheduler.event("RUN IS DONE");
            boolean reached = world.model.current == world.scenario.newest();
            if (node.knows == world.scenario.newest() && !reached && !capped && !withdrawn) {
                scheduler.violate("run() ended well at version " + world.model.current);
            }
        });
    }

    private void startInBackground(Node node, Long cap) {
        scheduler.event("START", node.name);
        node.engine.start();
    }

    /** In a thread of the host's; what the API may throw is no violation. */
    private void asHost(Node node, String what, Runnable call) {
        scheduler.spawn(node, "host-" + what, () -> {
            try {
                call.run();
            } catch (MigratorException | IllegalStateException | IllegalArgumentException e) {
                scheduler.event("  " + what + " threw", e.getClass().getSimpleName());
                if (e instanceof InvalidMigrationsException && world.scenario.branchesAt == 0) {
                    scheduler.violate("the migrations were called invalid: " + e.getMessage());
                }
            }
        });
    }

    private void close(Node node) {
        long startedAt = scheduler.now();
        Duration timeout = Duration.ofMillis(scheduler.random.nextInt(0, 10_000));
        scheduler.event("CLOSE", node.name, timeout.toString());
        node.engine.close(timeout);
        node.closed = true;
        long took = scheduler.now() - startedAt;
        long slack = 2_000_000_000L + 3 * world.scenario.ttl.toNanos();
        if (took > timeout.toNanos() + slack && node.thawedAt < startedAt) {
            scheduler.violate("close(" + timeout + ") took " + Duration.ofNanos(took));
        }
        scheduler.event("CLOSED", node.name);
    }

    /** Half of the new KBs are registered before they are visible; the others only turn up in the list. */
    private void create(Node node) {
        String used = scheduler.random.nextBoolean() ? world.host.reusable() : null;
        if (used != null) {
            scheduler.event("CREATE", used, "again");
            world.host.add(used);
            return;
        }
        String kbId = world.host.fresh();
        if (kbId == null) {
            return;
        }
        if (scheduler.random.nextBoolean()) {
            scheduler.event("CREATE", kbId);
            world.host.add(kbId);
            return;
        }
        world.host.reserved.put(kbId, node);
        asHost(node, "register", () -> {
            long startedAt = scheduler.now();
            boolean registered = false;
            try {
                node.engine.registerKb(kbId);
                registered = scheduler.now() - startedAt < world.scenario.listing.toNanos();
            } finally {
                world.host.reserved.remove(kbId);
                if (registered) {
                    scheduler.event("CREATE", kbId, "registered");
                    world.host.add(kbId);
                } else {
                    world.host.delete(kbId);
                }
            }
        });
    }

    private void delete(Node node) {
        String kbId = pick(new ArrayList<>(world.host.listed));
        if (kbId == null) {
            return;
        }
        scheduler.event("DELETE", kbId);
        world.host.delete(kbId);
        if (scheduler.random.nextBoolean()) {
            asHost(node, "forget", () -> node.engine.forgetKb(kbId));
        }
    }

    /** Best of all while a part runs for it, whose outcome then belongs to a KB that is gone. */
    private void replace(Node node) {
        List<String> underWay = new ArrayList<>(world.migrations.underWay());
        underWay.retainAll(world.host.listed);
        String kbId = pick(underWay.isEmpty() ? new ArrayList<>(world.host.listed) : underWay);
        if (kbId == null || !world.host.replaced.add(kbId)) {
            return;
        }
        scheduler.event("REPLACE", kbId);
        asHost(node, "replace", () -> {
            Long before = world.model.versions.get(kbId);
            try {
                node.engine.forgetKb(kbId);
            } finally {
                world.host.replaced.remove(kbId);
            }
            if (before != null && scheduler.random.nextBoolean()) {
                // As the registration by an older build, at the same version as the KB that is gone
                world.store.enroll(Set.of(kbId), before);
            } else {
                node.engine.registerKb(kbId);
            }
        });
    }

    private void pause(Node node) {
        pausedBy++;
        asHost(node, "pause", () -> {
            node.engine.setPaused(true, "simulated");
            scheduler.sleep(scheduler.millis(100, 5_000));
            node.engine.setPaused(false, "");
        });
    }

    private void ask(Node node) {
        if (world.scenario.slowness > 1) {
            // Who asks looks ten times a second: too often for hours
            return;
        }
        List<String> kbs = new ArrayList<>(world.host.listed);
        kbs.addAll(world.host.deletedAt.keySet().stream().sorted().limit(1).toList());
        String kbId = pick(kbs);
        if (kbId != null) {
            asHost(node, "migrateKb", () -> node.engine.migrateKb(kbId, 0, "simulated"));
            if (scheduler.random.nextInt(3) == 0) {
                ask(node);
            }
        }
    }

    private void skip(Node node) {
        for (String key : world.migrations.hopeless) {
            if (!key.startsWith("@")) {
                String kbId = key.substring(0, key.indexOf('@'));
                long version = Long.parseLong(key.substring(key.indexOf('@') + 1));
                world.model.skips.put(kbId, version);
                asHost(node, "skipKb", () -> node.engine.migrateKb(kbId, version, "simulated"));
                return;
            }
        }
        ask(node);
    }

    /**
     * Between two branches that give one version two meanings, only people can decide. They take back every build that would
     * announce such a version, and all that differ from the plan when it may still shrink; else those may stand by.
     */
    private void rollBackOthers() {
        boolean crashed = true;
        while (crashed) {
            crashed = false;
            for (Node node : world.nodes) {
                boolean differs = node.differsFrom(world.model.names);
                if (!node.dead && (differs ? withdrawn : node.wouldAnnounceOthers(world.model.names))) {
                    // What it has sent may still arrive, and change the plan
                    node.crash();
                    crashed = true;
                }
            }
        }
    }

    private void calm() {
        world.stormy = false;
        for (Node node : world.nodes) {
            node.frozenUntil = Math.min(node.frozenUntil, scheduler.now());
            node.thawedAt = Math.min(node.thawedAt, scheduler.now());
        }
        scheduler.event("CALM");
        rollBackOthers();
        Node healthy = world.newHealthyNode();
        healthy.engine.start();
        for (String kbId : List.copyOf(world.model.setAside)) {
            if (scheduler.random.nextBoolean()) {
                asHost(healthy, "migrateKb", () -> healthy.engine.migrateKb(kbId, 0, "simulated"));
            }
        }
        if (pausedBy > 0) {
            asHost(healthy, "resume", () -> {
                scheduler.sleep(6_000_000_000L);
                healthy.engine.setPaused(false, "");
            });
        }
        String missing = "";
        for (int second = 0; second < CALM_SECONDS; second++) {
            scheduler.sleep(world.scenario.slowness * 1_000_000_000);
            missing = world.missing();
            if (missing == null) {
                return;
            }
            if (second % REMIND_SECONDS == 0 && world.model.cap < world.scenario.newest()) {
                asHost(healthy, "removeCap", () -> healthy.engine.setCap(Long.MAX_VALUE));
            }
        }
        scheduler.violate("after " + CALM_SECONDS * world.scenario.slowness + " s of calm: " + missing + "; behind: "
                + world.behind());
    }
}
