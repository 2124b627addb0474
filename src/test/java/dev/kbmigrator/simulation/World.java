package dev.kbmigrator.simulation;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.Concurrency;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.HostApplication;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.ListenerNotifier;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.Storage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** All that takes part in one simulation. */
final class World {

    private static final long STORE_ORIGIN_MICROS = 1_700_000_000_000_000L;

    final long seed;
    final Mutant mutant;
    final Scheduler scheduler;
    final Scenario scenario;
    final Model model;
    final StateStore store;
    final SimClock storeClock;
    final LockService locks;
    final SimHost host;
    final SimMigrations migrations;
    final List<Node> nodes = new ArrayList<>();

    /** Until when every call to the store fails, or only its answer is lost. */
    long storeAwayUntil;

    /** The same for the lock service. */
    long lockAwayUntil;

    /** What the store never accepts, as {@code kb@version}. */
    final Set<String> rejected = new TreeSet<>();

    /** Whether things go wrong now. */
    boolean stormy = true;

    World(long seed, Mutant mutant) {
        this.seed = seed;
        this.mutant = mutant;
        this.scheduler = new Scheduler(seed);
        this.scenario = new Scenario(scheduler.random.split());
        this.model = new Model(scheduler, scenario);
        scheduler.expectError(this::isExpected);
        this.storeClock = new SimClock(scheduler, 0, scenario.clocksAreSkewed);
        this.store = new CheckedStore(
                this, mutant.beneath(new MemoryStateStore(() -> STORE_ORIGIN_MICROS + storeClock.nanos() / 1_000)));
        this.locks = new LockService(this);
        this.host = new SimHost(this);
        this.migrations = new SimMigrations(this);
        if (!scenario.usesAllPartitions) {
            Set<Integer> others = new TreeSet<>(Partitions.all());
            others.removeAll(scenario.partitions);
            store.raiseFloors(store.openEpochs(others).values(), scenario.newest());
        }
    }

    /** Of the library's error lines, these are due to what the simulated host does. */
    private boolean isExpected(String error) {
        return scenario.listsBadIds
                && (error.contains("lists an invalid KB id") || error.contains("in the host's list are invalid"));
    }

    /** A process with the first migrations, some of them maybe of another branch than those of most; it does nothing yet. */
    Node newNode(int knows, boolean ofBranch) {
        Map<Long, String> names = new HashMap<>();
        for (long version = scenario.branchesAt; ofBranch && version > 0 && version <= knows; version++) {
            names.put(version, "other" + version);
        }
        return newNode(knows, names);
    }

    /** One that knows all, under the names that the fleet has taken to. */
    Node newHealthyNode() {
        Node node = newNode(scenario.plan.size(), new HashMap<>(model.names));
        node.healthy = true;
        return node;
    }

    private Node newNode(int knows, Map<Long, String> names) {
        String name = "r" + (nodes.size() + 1) + "v" + knows + (names.isEmpty() ? "" : "b");
        Node node = mutant.node(this, name, knows, names);
        nodes.add(node);
        node.engine = new Engine(new EngineConfig(
                new LocalBuild(
                        new Identity(node.name, "simulated", "v" + node.knows),
                        MigrationCatalog.of(migrations.of(node), false, scenario.attemptTimeout, new ArrayList<>()),
                        scenario.baseline,
                        ""),
                new Storage(mutant.above(node, new SimStore(node, store)), mutant.lockSeenBy(node.lock)),
                new HostApplication(host.seenBy(node), new Services(Map.of()), new ListenerNotifier(List.of()), node),
                new Concurrency(1 + scheduler.random.nextInt(4), 1 + scheduler.random.nextInt(3)),
                new Timings(
                        scenario.ttl,
                        scenario.activeLook,
                        scenario.idleLook,
                        scenario.listing,
                        new Backoff(scenario.firstBackoff, scenario.longestBackoff),
                        Duration.ofMinutes(15)),
                node));
        return node;
    }

    double storeFaults() {
        return scheduler.now() < storeAwayUntil ? 1 : scenario.storeFaults;
    }

    double lockFaults() {
        return scheduler.now() < lockAwayUntil ? 1 : scenario.lockFaults;
    }

    boolean isRecordedAsDone(long version) {
        return store.document(String.format("global/%019d", version))
                .map(document -> Model.parse(document.json()).path("done").asBoolean())
                .orElse(false);
    }

    /** What is not done that nothing keeps from being done; null when all is. */
    String missing() {
        long opened = model.stageEnd(model.current, scenario.newest());
        if (model.planned != scenario.newest()
                || (opened == model.current ? model.target != 0 : !isStuckBefore(opened))) {
            return "the fleet is at version " + model.current + " of " + model.target + ", not at " + scenario.newest();
        }
        for (String kbId : host.listed) {
            Long version = model.versions.get(kbId);
            long goal = goalOf(kbId, version, model.kbGoal(opened));
            if (version == null || (version < goal && !model.isSetAside(kbId))) {
                return kbId + " is at " + version + ", not at " + goal;
            }
        }
        for (String kbId : model.versions.keySet()) {
            if (!host.isThere(kbId)) {
                return kbId + " is still known though it was deleted";
            }
        }
        for (Task task : scheduler.tasks()) {
            boolean mayWait = (task.name.equals("host-run") && !migrations.hopeless.isEmpty()) || !rejected.isEmpty();
            if (task.name.startsWith("host-") && !task.node.dead && !mayWait) {
                return task + " has not returned";
            }
        }
        if (!store.documents("now/request/").isEmpty() && rejected.isEmpty()) {
            return "a request is not answered: " + store.documents("now/request/");
        }
        return null;
    }

    /** Every KB that is behind, with what is on record of it, for people to read. */
    String behind() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Long> kb : model.versions.entrySet()) {
            if (kb.getValue() < model.kbGoal(scenario.newest()) || !host.isThere(kb.getKey())) {
                text.append(store.find(Set.of(kb.getKey())).values())
                        .append(host.isThere(kb.getKey()) ? "" : " (deleted)")
                        .append(" floor ")
                        .append(model.floors[Partitions.of(kb.getKey())])
                        .append("; ");
            }
        }
        return text.toString();
    }

    private boolean isHopeless(String key) {
        return migrations.hopeless.contains(key) || rejected.contains(key);
    }

    private long goalOf(String kbId, Long version, long goal) {
        for (MigrationInfo info : scenario.plan) {
            if (info.version() <= goal
                    && isHopeless(kbId + "@" + info.version())
                    && version != null
                    && version < info.version()) {
                return model.kbGoal(info.version() - 1);
            }
        }
        return goal;
    }

    private boolean isStuckBefore(long end) {
        if (migrations.hopeless.contains("@" + end)) {
            return true;
        }
        for (String kbId : host.listed) {
            Long version = model.versions.get(kbId);
            if (goalOf(kbId, version, model.kbGoal(end)) < model.kbGoal(end) && !model.isSetAside(kbId)) {
                return true;
            }
        }
        return false;
    }
}
