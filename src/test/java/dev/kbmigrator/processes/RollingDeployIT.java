package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Binaries with different sets of migrations, side by side and one after the other. Whatever their order, the older ones
 * never lower, repeat or touch what a newer one did, and nothing waits for a person.
 */
class RollingDeployIT {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration LONG_TTL = Duration.ofSeconds(30);
    private static final Duration WORK = Duration.ofMillis(30);

    private ProcessFleet fleet;

    @BeforeEach
    void start() {
        fleet = new ProcessFleet(FleetServer.POSTGRESQL, 60);
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    /** Nothing dies in these tests, so that nothing may run twice: no lease ends because the machine is busy. */
    private ReplicaSettings calm(String name, String release) {
        return fleet.settings(release)
                .named(name)
                .ttl(LONG_TTL)
                .work(WORK)
                .with("lookMillis", 200)
                .with("listingMillis", 1_000);
    }

    private void assertRanNothingAbove(String replica, long version) {
        assertThat(HostTables.ran(fleet.dataSource()))
                .noneMatch(ran -> ran.replica().equals(replica) && ran.version() > version);
    }

    @Test
    void theNewOneJoinsTheOldOneAndTheOldOneLeaves() {
        ReplicaProcess old = fleet.startAndAwait(calm("old", "main:2"));
        old.command("create early");
        fleet.awaitVersion(2, PATIENCE);
        ReplicaProcess newer = fleet.startAndAwait(calm("new", "main:6"));
        fleet.awaitVersion(6, PATIENCE);
        old.command("create late");
        fleet.awaitVersion(6, PATIENCE);
        assertThat(old.said("standing-by")).hasSize(1);
        old.leave();
        newer.command("create newest");
        newer.leave();
        fleet.assertEverythingRanExactlyOnce(6);
        assertRanNothingAbove("old", 2);
        assertThat(HostTables.kbs(fleet.dataSource()))
                .containsEntry("early", 2L)
                .containsEntry("late", 2L)
                .containsEntry("newest", 6L);
    }

    @Test
    void aKbThatTheOldOneEnrolsAtAnyMomentIsBroughtUp() throws InterruptedException {
        ReplicaProcess old = fleet.startAndAwait(calm("old", "main:2"));
        fleet.start(calm("new", "main:9"));
        Random random = new Random();
        for (int i = 0; i < 20; i++) {
            old.command("create late-" + i);
            Pauses.of(Duration.ofMillis(random.nextInt(400)));
        }
        fleet.awaitVersion(9, PATIENCE);
        fleet.assertEverythingRanExactlyOnce(9);
        assertRanNothingAbove("old", 2);
    }

    @Test
    void theOldOneComesBackAndRunsWhatItKnowsUntilTheNewOneReturns() {
        ReplicaProcess newer = fleet.startAndAwait(calm("new", "main:6"));
        awaitOpen(3);
        newer.leave();
        ReplicaProcess old = fleet.startAndAwait(calm("old", "main:2"));
        old.awaitSaying("standing-by");
        Awaitility.await("the prefix")
                .atMost(PATIENCE)
                .until(() -> fleet.state().versions().values().stream().allMatch(version -> version >= 2));
        old.command("create late");
        assertThat(fleet.state().current()).isLessThan(3);
        fleet.start(calm("new again", "main:6"));
        fleet.awaitVersion(6, PATIENCE);
        fleet.assertSafe(6);
        assertRanNothingAbove("old", 2);
        assertThat(old.said("standing-by")).hasSize(1);
    }

    @Test
    void theNewOneAbandonsItsTargetAndTheOldOneEndsWhatHadStarted() {
        ReplicaProcess newer = fleet.startAndAwait(calm("new", "main:6"));
        awaitOpen(3);
        newer.leave();
        ReplicaProcess old = fleet.startAndAwait(calm("old", "main:3"));
        old.awaitSaying("standing-by");
        old.command("abandon rolled back");
        fleet.awaitVersion(3, PATIENCE);
        old.command("create late");
        fleet.assertSafe(3);
        fleet.start(calm("mended", "main:4"));
        fleet.awaitVersion(4, PATIENCE);
        fleet.assertSafe(4);
        assertRanNothingAbove("old", 3);
        assertRanNothingAbove("new", 3);
    }

    private void awaitOpen(long version) {
        Awaitility.await("version " + version + " is open")
                .pollInterval(Duration.ofMillis(20))
                .atMost(PATIENCE)
                .until(() -> fleet.state().open() >= version);
    }

    @ParameterizedTest
    @ValueSource(strings = {"renamed:5", "reshaped:5"})
    void aBinaryWhosePlanDiffersStandsByAndSaysSoOnce(String release) {
        fleet.start(calm("main", "main:4"));
        awaitOpen(3);
        ReplicaProcess other = fleet.startAndAwait(calm("other", release));
        other.awaitSaying("standing-by");
        other.tell("create refused");
        other.awaitSaying("failed create refused");
        fleet.awaitVersion(4, PATIENCE);
        other.leave();
        fleet.assertEverythingRanExactlyOnce(4);
        assertRanNothingAbove("other", 2);
        assertThat(other.said("standing-by")).hasSize(1);
    }

    @Test
    void threeVersionsAtOnceEndAtTheNewest() {
        List<ReplicaProcess> replicas = List.of(
                fleet.start(calm("oldest", "main:2")),
                fleet.start(calm("middle", "main:4")),
                fleet.start(calm("newest", "main:7")));
        for (int i = 0; i < 8; i++) {
            for (ReplicaProcess replica : replicas) {
                replica.command("create " + replica.name() + "-" + i);
            }
        }
        fleet.awaitVersion(7, PATIENCE);
        replicas.forEach(ReplicaProcess::leave);
        fleet.assertEverythingRanExactlyOnce(7);
        assertRanNothingAbove("oldest", 2);
        assertRanNothingAbove("middle", 4);
    }
}
