package dev.kbmigrator.simulation;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Plays one seed: first a storm, in which anything may happen; then calm, in which all must come to an end. */
final class Simulation {

    private static final long CALM_SECONDS = 1_200;
    private static final long HOUR_SECONDS = 3_600;
    private static final long MOST_STORE_JUMP_MILLIS = 2_000;
    private static final long REMIND_SECONDS = 60;

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

    static Result play(long seed, Mutant mutant) {
        Simulation simulation = new Simulation(seed, mutant);
        return simulation.play();
    }

    /** How many seeds it takes to find a planted bug; 0 when that many are not enough. */
    static int seedsToFind(Mutant bug, int most) {
        for (int seed = 1; seed <= most; seed++) {
            if (play(seed, bug).violation() != null) {
                return seed;
            }
        }
        return 0;
    }

    private Result play() {
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
        int first = 1 + scheduler.random.nextInt(world.scenario.plan.size());
        startReplica(first);
        for (int i = 0; i < world.scenario.actions; i++) {
            scheduler.sleep(
                    world.scenario.slowness * scheduler.millis(0, scheduler.random.nextInt(3) == 0 ? 5_000 : 500));
            act();
        }
        if (world.scenario.slowness > 1) {
            scheduler.sleep(HOUR_SECONDS * 1_000_000_000);
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
                world.bodies.hopeless.add(kbId + "@" + info.version());
            }
        }
    }

    private <T> T pick(List<T> list) {
        return list.isEmpty() ? null : list.get(scheduler.random.nextInt(list.size()));
    }

    private Node anyNode() {
        return pick(world.nodes.stream().filter(Node::runs).toList());
    }

    private void act() {
        int what = scheduler.random.nextInt(27);
        Node node = anyNode();
        if (what < 4 || node == null) {
            int replicas = (int) world.nodes.stream().filter(Node::runs).count();
            if (replicas < 4) {
                startReplica(1 + scheduler.random.nextInt(world.scenario.plan.size()));
            } else {
                skewClocks(node);
            }
        } else if (what < 6) {
            node.crash();
        } else if (what < 8) {
            node.freeze(scheduler.millis(100, 3 * world.scenario.ttl.toMillis()));
        } else if (what < 10) {
            asHost(node, "close", () -> close(node));
        } else if (what < 12) {
            create(node);
        } else if (what < 14) {
            delete(node);
        } else if (what < 15) {
            pause(node);
        } else if (what < 17) {
            ask(node, 0);
        } else if (what < 18) {
            skip(node);
        } else if (what < 19) {
            world.locks.forget();
        } else if (what < 20) {
            asHost(node, "status", () -> node.engine.status());
        } else if (what < 22) {
            operate(node);
        } else if (what < 23) {
            setAside();
        } else if (what < 25) {
            skewClocks(node);
        } else {
            outage();
        }
    }

    private void outage() {
        long nanos = scheduler.millis(100, 2 * world.scenario.ttl.toMillis());
        if (scheduler.random.nextBoolean()) {
            scheduler.event("THE STORE IS AWAY", nanos / 1_000_000 + " ms");
            world.storeAwayUntil = scheduler.now() + nanos;
        } else {
            scheduler.event("THE LOCK SERVICE IS AWAY", nanos / 1_000_000 + " ms");
            world.lockAwayUntil = scheduler.now() + nanos;
        }
    }

    /** People change their minds about where the fleet is to go. */
    private void operate(Node node) {
        if (!world.scenario.hasOperators) {
            return;
        }
        if (scheduler.random.nextInt(3) == 0) {
            asHost(node, "removeCap", () -> node.engine.setCap(Long.MAX_VALUE));
        } else {
            withdrawn = true;
            asHost(node, "abandon", () -> {
                scheduler.event("ABANDON", node.name);
                node.engine.abandonTarget("simulated");
            });
        }
    }

    /** Sets a KB aside, as a person with a tool would who takes the partition for it. */
    private void setAside() {
        String kbId = pick(new ArrayList<>(world.model.versions.keySet()));
        long next = kbId == null ? 0 : world.model.nextFor(world.model.versions.get(kbId));
        if (next > 0 && world.scenario.hasOperators) {
            scheduler.event("SET ASIDE", kbId, next);
            Collection<Epoch> epochs =
                    world.store.openEpochs(Set.of(Partitions.of(kbId))).values();
            world.store.write(
                    epochs,
                    List.of(new KbWrite.Failed(kbId, world.model.versions.get(kbId), next, 1, "simulated", null)));
        }
    }

    private void skewClocks(Node node) {
        if (!world.scenario.clocksAreSkewed) {
            return;
        }
        long most = 2 * world.scenario.ttl.toMillis();
        switch (scheduler.random.nextInt(3)) {
            case 0 -> node.leap(scheduler.millis(0, most));
            case 1 -> world.locks.jump(scheduler.millis(-most, most));
            default -> {
                long nanos = scheduler.millis(-most, MOST_STORE_JUMP_MILLIS);
                scheduler.event("THE STORE'S CLOCK JUMPS", nanos / 1_000_000 + " ms");
                world.storeClock.jump(nanos);
            }
        }
    }

    private void startReplica(int knows) {
        Node node = world.newNode(knows, scheduler.random.nextInt(3) == 0);
        int how = scheduler.random.nextInt(8);
        Long cap = world.scenario.hasOperators && scheduler.random.nextBoolean()
                ? (Long) (long) scheduler.random.nextInt(world.scenario.plan.size() + 1)
                : null;
        if (how == 0) {
            scheduler.event("BUILT ONLY", node.name);
        } else if (how < 3) {
            capped |= cap != null;
            asHost(node, "run", () -> {
                scheduler.event("RUN", node.name, cap);
                node.engine.run(cap);
                scheduler.event("RUN IS DONE");
                boolean reached = world.model.current == world.scenario.newest();
                if (knows == world.scenario.newest() && !reached && !capped && !withdrawn) {
                    scheduler.violate("run() ended well at version " + world.model.current);
                }
            });
        } else {
            scheduler.event("START", node.name);
            node.engine.start();
        }
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

    private void pause(Node node) {
        pausedBy++;
        asHost(node, "pause", () -> {
            node.engine.setPaused(true, "simulated");
            scheduler.sleep(scheduler.millis(100, 5_000));
            node.engine.setPaused(false, "");
        });
    }

    private void ask(Node node, long skip) {
        if (world.scenario.slowness > 1) {
            // Who asks looks ten times a second: too often for hours
            return;
        }
        List<String> kbs = new ArrayList<>(world.host.listed);
        kbs.addAll(world.host.deletedAt.keySet().stream().sorted().limit(1).toList());
        String kbId = pick(kbs);
        if (kbId != null) {
            asHost(node, "migrateKb", () -> node.engine.migrateKb(kbId, skip, "simulated"));
            if (scheduler.random.nextInt(3) == 0) {
                ask(node, skip);
            }
        }
    }

    private void skip(Node node) {
        for (String key : world.bodies.hopeless) {
            if (!key.startsWith("@")) {
                String kbId = key.substring(0, key.indexOf('@'));
                long version = Long.parseLong(key.substring(key.indexOf('@') + 1));
                world.model.skips.put(kbId, version);
                asHost(node, "skipKb", () -> node.engine.migrateKb(kbId, version, "simulated"));
                return;
            }
        }
        ask(node, 0);
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
