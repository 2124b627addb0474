package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.shedlock.RedisService;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The main job, by several replicas at once. */
class FleetIT {

    private static final int KBS = 10_000;
    private static final long TARGET = 3;
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration LONG_TTL = Duration.ofMinutes(1);
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration TAKEOVER = TTL.plusSeconds(2);

    private int lives;

    @Test
    void replicasAsThreadsRunEverythingExactlyOnce() {
        try (ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, KBS)) {
            List<FleetReplica> replicas = IntStream.range(0, 4)
                    .mapToObj(i -> new FleetReplica(
                            fleet.settings("main:3").ttl(LONG_TTL).named("thread-" + i), event -> {}))
                    .toList();
            try {
                replicas.forEach(replica -> replica.migrator().start());
                fleet.awaitVersion(TARGET, PATIENCE);
            } finally {
                replicas.forEach(FleetReplica::close);
            }
            fleet.assertEverythingRanExactlyOnce(TARGET);
            assertSeveralTookPart(fleet);
        }
    }

    @Test
    void replicasAsProcessesRunEverythingExactlyOnce() {
        try (ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, KBS)) {
            List<ReplicaProcess> replicas = IntStream.range(0, 3)
                    .mapToObj(i ->
                            fleet.start(fleet.settings("main:3").ttl(LONG_TTL).named("process-" + i)))
                    .toList();
            fleet.awaitVersion(TARGET, PATIENCE);
            replicas.forEach(ReplicaProcess::leave);
            fleet.assertEverythingRanExactlyOnce(TARGET);
            assertSeveralTookPart(fleet);
        }
    }

    private static void assertSeveralTookPart(ProcessFleet fleet) {
        assertThat(HostTables.ran(fleet.dataSource()).stream()
                        .map(StartedPart::replica)
                        .distinct())
                .hasSizeGreaterThan(1);
    }

    @Test
    void replicasThatAreKilledAtRandomLoseNothing() {
        try (ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, KBS / 3)) {
            runWithKills(fleet, fleet.settings("main:3").work(Duration.ofMillis(3)), 3, 2, Duration.ZERO);
            fleet.awaitVersion(TARGET, PATIENCE);
            fleet.assertSafe(TARGET);
        }
    }

    /** Each replica has room for all KBs at once, so that nothing but the dead one's leases keeps them waiting. */
    @Test
    void theKbsOfAReplicaThatIsKilledGoOnInTime() {
        try (ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, 60)) {
            ReplicaSettings settings = fleet.settings("main:15")
                    .with("lookMillis", 500)
                    .with("concurrency", 60)
                    .work(Duration.ofMillis(300));
            List<Takeovers.Kill> kills = runWithKills(fleet, settings, 3, 2, TAKEOVER);
            fleet.awaitVersion(15, PATIENCE);
            fleet.assertSafe(15);
            List<Long> takeovers = Takeovers.millis(HostTables.ran(fleet.dataSource()), kills);
            System.out.println("takeovers " + takeovers);
            assertThat(takeovers)
                    .isNotEmpty()
                    .allSatisfy(millis -> assertThat(millis).isLessThanOrEqualTo(TAKEOVER.toMillis()));
        }
    }

    @ParameterizedTest
    @EnumSource(FleetServer.class)
    void everyDatabaseServesAFleetOfMixedBinariesThatAreKilled(FleetServer server) {
        try (ProcessFleet fleet = new ProcessFleet(server, 600)) {
            ReplicaSettings old = fleet.settings("main:2").named("old").work(Duration.ofMillis(4));
            fleet.start(old);
            runWithKills(fleet, old.release("main:4"), 2, 1, Duration.ZERO);
            fleet.awaitVersion(4, PATIENCE);
            fleet.assertSafe(4);
            assertThat(HostTables.ran(fleet.dataSource()))
                    .noneMatch(ran -> ran.replica().equals("old") && ran.version() > 2);
        }
    }

    @Test
    void aLockThatGrantsEverythingCostsWorkAndNothingElse() {
        try (ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, 600)) {
            ReplicaSettings settings =
                    fleet.settings("main:4").with("lock", "always").work(Duration.ofMillis(4));
            runWithKills(fleet, settings, 2, 1, Duration.ZERO);
            fleet.awaitVersion(4, PATIENCE);
            fleet.assertSafe(4);
        }
    }

    @Test
    void aLockInRedisServesAFleetOfMixedBinariesThatAreKilled() {
        try (RedisService redis = RedisService.start();
                ProcessFleet fleet = new ProcessFleet(FleetServer.POSTGRESQL, 600)) {
            ReplicaSettings old = fleet.settings("main:2")
                    .named("old")
                    .with("lock", "redis:" + redis.port())
                    .work(Duration.ofMillis(4));
            fleet.start(old);
            runWithKills(fleet, old.release("main:4"), 2, 1, Duration.ZERO);
            fleet.awaitVersion(4, PATIENCE);
            fleet.assertSafe(4);
        }
    }

    /** Keeps so many replicas running, and kills so many in the middle of their work, each time another one. */
    private List<Takeovers.Kill> runWithKills(
            ProcessFleet fleet, ReplicaSettings settings, int replicas, int kills, Duration between) {
        long seed = System.nanoTime();
        System.out.println("kills drawn from seed " + seed);
        Random random = new Random(seed);
        List<Takeovers.Kill> killed = new ArrayList<>();
        List<ReplicaProcess> running = new ArrayList<>();
        for (int i = 0; i < replicas; i++) {
            running.add(fleet.start(settings.named("life-" + lives++)));
        }
        for (int i = 0; i < kills; i++) {
            ReplicaProcess victim = running.remove(random.nextInt(running.size()));
            victim.awaitSaying("ready");
            long next = lastRan(fleet) + 1 + random.nextInt(100);
            Awaitility.await("part " + next + " has begun")
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(PATIENCE)
                    .until(() -> lastRan(fleet) >= next || fleet.hasReached(Releases.newest(settings.release())));
            if (!between.isZero()) {
                fleet.awaitInHand(victim, between);
            }
            killed.add(new Takeovers.Kill(victim.name(), System.currentTimeMillis()));
            victim.kill();
            running.add(fleet.start(settings.named("life-" + lives++)));
            pause(between);
        }
        return killed;
    }

    private static void pause(Duration time) {
        try {
            Pauses.of(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static long lastRan(ProcessFleet fleet) {
        try {
            return HostTables.lastRan(fleet.dataSource());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
