package dev.kbmigrator.processes;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.processes.FleetChecker.Findings;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** A database with a host's KBs, and the processes that were started on it. */
final class ProcessFleet implements AutoCloseable {

    /** The ids of the KBs that are there before any replica start with this. */
    static final String FROM_THE_START = "kb-";

    private final FleetDatabase database;
    private final HikariDataSource dataSource;
    private final StoredState state;
    private final List<ReplicaProcess> processes = new ArrayList<>();

    ProcessFleet(FleetServer server, int kbs) {
        this(server.newDatabase(), kbs);
    }

    ProcessFleet(FleetDatabase database, int kbs) {
        this.database = database;
        this.dataSource = database.pool(4);
        this.state = new StoredState(dataSource);
        HostTables.create(dataSource);
        HostTables.addKbs(
                dataSource,
                IntStream.range(0, kbs).mapToObj(i -> FROM_THE_START + i).toList());
    }

    HikariDataSource dataSource() {
        return dataSource;
    }

    StoredState state() {
        return state;
    }

    ReplicaSettings settings(String release) {
        return ReplicaSettings.of(database, release);
    }

    ReplicaProcess start(ReplicaSettings settings) {
        ReplicaProcess process = ReplicaProcess.start(settings);
        processes.add(process);
        return process;
    }

    ReplicaProcess startAndAwait(ReplicaSettings settings) {
        ReplicaProcess process = start(settings);
        process.awaitSaying("ready");
        return process;
    }

    /** Waits until the fleet's version is this, and no KB of the host is below it. */
    void awaitVersion(long version, Duration patience) {
        Awaitility.await("version " + version)
                .pollInterval(Duration.ofMillis(100))
                .atMost(patience)
                .until(() -> hasReached(version));
    }

    /** Waits until the library knows no KB that the host has deleted. */
    void awaitNoStranger(Duration patience) {
        Awaitility.await("nobody knows a KB that was deleted")
                .pollInterval(Duration.ofMillis(500))
                .atMost(patience)
                .until(() -> HostTables.kbs(dataSource)
                        .keySet()
                        .containsAll(state.versions().keySet()));
    }

    boolean hasReached(long version) {
        if (state.current() < version) {
            return false;
        }
        Map<String, Long> versions = state.versions();
        return HostTables.kbs(dataSource).keySet().stream()
                .allMatch(kb -> versions.getOrDefault(kb, 0L) >= Releases.kbVersion(version));
    }

    /** Waits, but not for ever, until a replica that works so long for each part has some in hand; answers whether it has. */
    boolean awaitInHand(ReplicaProcess replica, Duration patience) {
        long inHand = replica.settings().work().toMillis() / 2;
        try {
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(patience)
                    .until(() ->
                            System.currentTimeMillis() - HostTables.lastBegan(dataSource, replica.name()) < inHand);
            return true;
        } catch (ConditionTimeoutException e) {
            return false;
        }
    }

    void assertEverythingRanExactlyOnce(long target) {
        Findings findings = assertSafe(target);
        assertThat(findings.repeated()).isEmpty();
    }

    /** Whatever died: nothing is lost, lowered or out of order. */
    Findings assertSafe(long target) {
        Findings findings = FleetChecker.check(dataSource, target);
        assertThat(findings.isSafe()).as("%s", findings).isTrue();
        assertCommittedOnce();
        return findings;
    }

    /** Every transactional part that ran has committed once, however often it was begun. */
    private void assertCommittedOnce() {
        if (database.url().startsWith("jdbc:sqlite")) {
            return;
        }
        long expected = HostTables.ran(dataSource).stream()
                .filter(ran -> Releases.isTransactional(ran.version()))
                .map(ran -> ran.kb() + "/" + ran.version())
                .distinct()
                .count();
        try {
            assertThat(HostTables.doubleCommits(dataSource)).isZero();
            assertThat(HostTables.commits(dataSource)).isEqualTo(expected);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        processes.forEach(ReplicaProcess::close);
        dataSource.close();
    }
}
