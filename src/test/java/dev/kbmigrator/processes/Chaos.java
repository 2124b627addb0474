package dev.kbmigrator.processes;

import static java.util.stream.Collectors.toCollection;

import dev.kbmigrator.processes.FleetChecker.Findings;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A fleet that always has work, and something done to it all the time. Each replica has room for all KBs at once, so that
 * what keeps a dead replica's KBs waiting is nothing but its leases.
 */
final class Chaos implements AutoCloseable {

    static final Duration TTL = Duration.ofSeconds(2);

    private static final int REPLICAS = 4;
    private static final int[] VICTIMS = {1, 2, 2, 3};
    private static final int FIRST_KBS = 60;
    private static final int MOST_KBS = 80;
    private static final int LEAST_KBS = 40;

    /** How many versions beyond the fleet's a new process knows, so that all of them have work for a while. */
    private static final long AHEAD = 20;

    /** A process that knows fewer than this is replaced. */
    private static final long LEAST_AHEAD = 4;

    private static final Duration LONG = Duration.ofMinutes(30);
    private static final Duration MOST_EXTRA = Duration.ofMinutes(15);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    /** Within this, the KBs of a killed replica go on; nothing else is done to the fleet meanwhile. */
    private static final Duration TAKEOVER = TTL.plusSeconds(2);

    private final ChaosServer server;
    private final long seed;
    private final Random random;
    private final ProcessFleet fleet;
    private final VersionWatch watch;
    private final List<ChaosPlace> places;
    private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);
    private final List<Takeovers.Kill> kills = new ArrayList<>();
    private long newest = AHEAD;
    private final List<String> kbIds = new ArrayList<>(IntStream.range(0, FIRST_KBS)
            .mapToObj(i -> ProcessFleet.FROM_THE_START + i)
            .toList());
    private int created;
    private long nanos;

    Chaos(ChaosServer server, long seed) {
        this.server = server;
        this.seed = seed;
        this.random = new Random(seed);
        this.fleet = new ProcessFleet(server.database(server.port()), FIRST_KBS);
        this.watch = new VersionWatch(fleet);
        this.places = IntStream.range(0, REPLICAS)
                .mapToObj(number -> new ChaosPlace(number, server, release()))
                .toList();
        for (Fault fault : Fault.values()) {
            faults.put(fault, 0);
        }
    }

    private String release() {
        return "main:" + newest;
    }

    /** Waits until every replica is at work. */
    void awaitStart() {
        places.forEach(place -> place.process().awaitSaying("ready"));
    }

    /**
     * Whole rounds of all faults, in an order drawn anew for each, until the time is over. A long run goes on with the faults
     * of which there were too few until there are enough, but not for ever.
     */
    void goOnFor(Duration time) throws InterruptedException, SQLException {
        long until = System.nanoTime() + time.toNanos();
        int rounds = 0;
        while (System.nanoTime() < until) {
            List<Fault> round = Stream.of(Fault.values())
                    .flatMap(fault -> Collections.nCopies(fault.aRound, fault).stream())
                    .collect(toCollection(ArrayList::new));
            Collections.shuffle(round, random);
            for (Fault fault : round) {
                suffer(fault);
            }
            System.out.println("round " + ++rounds + " done after " + Math.round(nanos / 1e9) + " s: " + faults);
        }
        if (isLong(time)) {
            long giveUpAt = System.nanoTime() + MOST_EXTRA.toNanos();
            for (List<Fault> few = tooFew(); !few.isEmpty() && System.nanoTime() < giveUpAt; few = tooFew()) {
                suffer(few.get(random.nextInt(few.size())));
            }
        }
    }

    /** Whether so long a run has to make so many faults of each kind. */
    static boolean isLong(Duration time) {
        return time.compareTo(LONG) >= 0;
    }

    private List<Fault> tooFew() {
        return Stream.of(Fault.values())
                .filter(fault -> faults.getOrDefault(fault, 0) < fault.leastInLongRun)
                .toList();
    }

    /** Has the fleet suffer one fault, while it works. */
    void suffer(Fault fault) throws InterruptedException, SQLException {
        long start = System.nanoTime();
        keepBusy();
        Pauses.of(Duration.ofMillis(random.nextInt(200)));
        if (inflict(fault, places.get(random.nextInt(places.size())))) {
            faults.merge(fault, 1, Integer::sum);
        }
        nanos += System.nanoTime() - start;
    }

    /** The newest release, or one that is newer still. */
    private String nextRelease() {
        newest = Math.max(newest, watch.current() + AHEAD - random.nextInt(4));
        return release();
    }

    private void keepBusy() {
        if (kbIds.size() < MOST_KBS && random.nextInt(3) > 0) {
            kbIds.add("late-" + created);
            anyProcess().tell("create late-" + created++);
        }
        if (kbIds.size() > LEAST_KBS && random.nextInt(3) == 0) {
            anyProcess().tell("delete " + kbIds.remove(random.nextInt(kbIds.size())));
        }
        watch.look();
        for (ChaosPlace place : places) {
            if (Releases.newest(place.process().settings().release()) < watch.current() + LEAST_AHEAD) {
                place.redeploy(nextRelease());
            }
        }
    }

    private ReplicaProcess anyProcess() {
        return places.get(random.nextInt(places.size())).process();
    }

    /** Kills up to all but one, two as a rule; the others carry on. */
    private void kill(ChaosPlace first) throws InterruptedException {
        awaitFullWork();
        int victims = VICTIMS[random.nextInt(VICTIMS.length)];
        for (int i = 0; i < victims; i++) {
            ChaosPlace place = places.get((places.indexOf(first) + i) % places.size());
            kills.add(place.killAndReplace(nextRelease()));
            faults.merge(Fault.SIGKILL, 1, Integer::sum);
        }
        Pauses.of(TAKEOVER);
    }

    /** A takeover is measured from a fleet that works: one that still licks its wounds has other reasons to wait. */
    private void awaitFullWork() {
        places.forEach(place -> fleet.awaitInHand(place.process(), TAKEOVER));
    }

    private boolean inflict(Fault fault, ChaosPlace place) throws InterruptedException, SQLException {
        FaultProxy proxy = place.proxy();
        switch (fault) {
            case SIGKILL -> {
                kill(place);
                return false;
            }
            case DROPPED_COMMIT_ANSWER -> {
                return lose(FaultProxy.Loss.NEXT_COMMIT_ANSWER, place);
            }
            case DROPPED_ANSWER -> {
                return lose(FaultProxy.Loss.NEXT_ANSWER, place);
            }
            case SIGSTOP -> {
                place.process().freeze();
                Pauses.of(TTL.plusMillis(200 + random.nextInt(2_000)));
                place.process().thaw();
            }
            case TERMINATED_SESSIONS -> server.terminateSessions(fleet.dataSource(), 1 + random.nextInt(4));
            case SERVER_CRASH -> {
                server.crash(fleet.dataSource());
                Pauses.of(Duration.ofMillis(random.nextInt(1_000)));
                server.startAgain();
            }
            case LATENCY -> {
                proxy.delay(Duration.ofMillis(20 + random.nextInt(300)));
                healAfter(proxy, 3_000);
            }
            case BLACK_HOLE_TO_SERVER, BLACK_HOLE_TO_REPLICA -> {
                proxy.blackHole(fault == Fault.BLACK_HOLE_TO_SERVER);
                healAfter(proxy, 4_000);
            }
            case RESET -> proxy.reset();
            case POOL_EXHAUSTED -> {
                place.process().tell("hog " + (500 + random.nextInt(3_000)));
                Pauses.of(Duration.ofSeconds(1));
            }
            case HOST_LIST_SHRUNK -> {
                List<String> hidden = IntStream.range(0, FIRST_KBS)
                        .filter(i -> random.nextInt(3) == 0)
                        .mapToObj(i -> ProcessFleet.FROM_THE_START + i)
                        .toList();
                HostTables.hide(fleet.dataSource(), hidden);
                Pauses.of(Duration.ofSeconds(3));
                HostTables.hide(fleet.dataSource(), List.of());
            }
            case READ_ONLY -> {
                server.readOnly(fleet.dataSource(), true);
                Pauses.of(Duration.ofMillis(500 + random.nextInt(2_500)));
                server.readOnly(fleet.dataSource(), false);
            }
            case FULL_STORE -> {
                server.full(fleet.dataSource(), true);
                Pauses.of(Duration.ofMillis(500 + random.nextInt(2_500)));
                server.full(fleet.dataSource(), false);
            }
        }
        return true;
    }

    /** Loses an answer to one replica; to another, when there is none for a while. */
    private boolean lose(FaultProxy.Loss which, ChaosPlace first) throws InterruptedException {
        for (int i = 0; i < REPLICAS; i++) {
            ChaosPlace place = places.get((places.indexOf(first) + i) % REPLICAS);
            if (place.proxy().lose(which, TTL)) {
                return true;
            }
        }
        return false;
    }

    private void healAfter(FaultProxy proxy, int mostMillis) throws InterruptedException {
        Pauses.of(Duration.ofMillis(500 + random.nextInt(mostMillis)));
        proxy.heal();
    }

    /** Lets the fleet come to rest, and judges it. */
    ChaosResult conclude() throws SQLException {
        places.get(0).redeploy(release());
        long stuck = 0;
        try {
            fleet.awaitVersion(newest, PATIENCE);
            fleet.awaitNoStranger(PATIENCE);
        } catch (ConditionTimeoutException e) {
            stuck = Math.max(
                    1,
                    fleet.state().versions().values().stream()
                            .filter(version -> version < Releases.kbVersion(newest))
                            .count());
        }
        watch.look();
        List<StartedPart> log = HostTables.ran(fleet.dataSource());
        Map<String, Long> versions = fleet.state().versions();
        Map<String, Long> deleted = HostTables.deleted(fleet.dataSource());
        Findings findings =
                new FleetChecker(log, HostTables.kbs(fleet.dataSource()), deleted, versions, newest).findings();
        System.out.println("chaos from seed " + seed + ": " + findings);
        List<Long> takeovers = Takeovers.millis(log, kills);
        System.out.println("takeovers " + takeovers);
        return new ChaosResult(
                server.wire().name(),
                seed,
                nanos / 60e9,
                faults,
                versions.size(),
                deleted.size(),
                newest,
                log.size(),
                findings.lost().size(),
                findings.lowered().size() + watch.lowered().size(),
                findings.disordered().size(),
                findings.returned().size(),
                HostTables.doubleCommits(fleet.dataSource()),
                stuck,
                TTL.toMillis(),
                takeovers.size(),
                Takeovers.median(takeovers),
                Takeovers.max(takeovers));
    }

    @Override
    public void close() {
        places.forEach(ChaosPlace::close);
        fleet.close();
    }
}
