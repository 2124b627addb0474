package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whatever is done to processes, servers and networks: nothing is lost, lowered or stuck. {@code -Dchaos.minutes} says for
 * how long, {@code -Dchaos.seed} draws the same faults again.
 */
class ChaosIT {

    private static final String MINUTES = "chaos.minutes";
    private static final int MARIADB_PART = 6;

    private final long seed = Long.getLong("chaos.seed", System.nanoTime());

    private static Duration minutes() {
        return Duration.ofSeconds(60L * Long.getLong(MINUTES, 30));
    }

    @Test
    void aShortRoundDoesNoHarm() throws SQLException, InterruptedException {
        try (ChaosServer server = new ChaosServer.Postgres();
                Chaos chaos = new Chaos(server, seed)) {
            chaos.awaitStart();
            for (Fault fault : new Fault[] {
                Fault.DROPPED_COMMIT_ANSWER,
                Fault.SIGKILL,
                Fault.TERMINATED_SESSIONS,
                Fault.DROPPED_ANSWER,
                Fault.SERVER_CRASH,
                Fault.RESET,
                Fault.SIGSTOP,
                Fault.DROPPED_COMMIT_ANSWER,
                Fault.FULL_STORE,
                Fault.BLACK_HOLE_TO_REPLICA
            }) {
                chaos.suffer(fault);
            }
            assertNothingWrong(chaos.conclude());
        }
    }

    @Test
    @Tag("chaos")
    void aLongTimeOnPostgresDoesNoHarm() throws SQLException, InterruptedException {
        try (ChaosServer server = new ChaosServer.Postgres();
                Chaos chaos = new Chaos(server, seed)) {
            run(chaos, minutes(), "result.json");
        }
    }

    @Test
    @Tag("chaos")
    void aWhileOnMariaDbDoesNoHarm() throws SQLException, InterruptedException {
        try (ChaosServer server = new ChaosServer.MariaDb();
                Chaos chaos = new Chaos(server, seed)) {
            run(chaos, minutes().dividedBy(MARIADB_PART), "result-mariadb.json");
        }
    }

    private static Path target(String file) {
        // The build gives each kind of tests a temporary directory of its own, two levels below
        return Path.of(System.getProperty("java.io.tmpdir"), "..", "..", "chaos", file)
                .normalize();
    }

    private void run(Chaos chaos, Duration time, String file) throws SQLException, InterruptedException {
        System.out.println("faults drawn from seed " + seed + ": -Dchaos.seed=" + seed + " draws them again");
        chaos.awaitStart();
        chaos.goOnFor(time);
        ChaosResult result = chaos.conclude();
        result.writeTo(target(file));
        assertNothingWrong(result);
        assertTakeoversInTime(result);
        if (Chaos.isLong(time)) {
            assertFaultsEnough(result);
        }
    }

    private static void assertFaultsEnough(ChaosResult result) {
        assertThat(result.minutes()).isGreaterThanOrEqualTo(30);
        for (Fault fault : Fault.values()) {
            assertThat(result.faults())
                    .as("%s in %s", fault, result.toJson())
                    .hasEntrySatisfying(fault, many -> assertThat(many).isGreaterThanOrEqualTo(fault.leastInLongRun));
        }
    }

    private static void assertNothingWrong(ChaosResult result) {
        assertThat(result.lostKbs()).as(result.toJson()).isZero();
        assertThat(result.loweredVersions()).as(result.toJson()).isZero();
        assertThat(result.disorderedParts()).as(result.toJson()).isZero();
        assertThat(result.returnedKbs()).as(result.toJson()).isZero();
        assertThat(result.doubleCommits()).as(result.toJson()).isZero();
        assertThat(result.stuck()).as(result.toJson()).isZero();
    }

    /** In the long runs only: one kill among other faults says little, and FleetIT measures takeovers by themselves. */
    private static void assertTakeoversInTime(ChaosResult result) {
        assertThat(result.takeoverMaxMs()).as(result.toJson()).isLessThanOrEqualTo(result.ttlMs() + 2_000);
    }
}
