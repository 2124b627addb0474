package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** PostgreSQL is down, stops in the middle, refuses writes, or does not say whether it has committed. */
@Timeout(120)
class OutageIT {

    private static final int KBS = 2_000;

    private final List<String> kbs =
            IntStream.range(0, KBS).mapToObj(i -> "kb-" + i).toList();
    private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();

    private HikariDataSource dataSource;

    @BeforeEach
    void open() {
        dataSource = TestDatabase.POSTGRESQL.newDataSource();
    }

    @AfterEach
    void close() {
        dataSource.close();
    }

    private MigratorBuilder builder(HookedDataSource.Hook hook) {
        return Migrator.builder()
                .migrations(Migrations.of(counting(1), counting(2)))
                .storage(JdbcStorage.create(HookedDataSource.over(dataSource, hook)))
                .knowledgeBoxes(kbs::stream)
                .lookInterval(Duration.ofMillis(50), Duration.ofMillis(100));
    }

    private KbMigration counting(long version) {
        return KbMigration.of(
                version,
                "count_" + version,
                (context, kbId) -> runs.computeIfAbsent(version + "/" + kbId, key -> new AtomicInteger())
                        .incrementAndGet());
    }

    private static HookedDataSource.Hook none() {
        return new HookedDataSource.Hook() {};
    }

    /** Fails to connect while the database is down. */
    private static final class Outage implements HookedDataSource.Hook {

        private final AtomicBoolean down = new AtomicBoolean(true);
        private final AtomicInteger refused = new AtomicInteger();

        @Override
        public void before(String step) throws SQLException {
            if (step.equals("connect") && down.get()) {
                refused.incrementAndGet();
                throw new SQLException("connection refused", "08001");
            }
        }
    }

    @Test
    void startGoesOnTryingUntilTheDatabaseIsThere() {
        Outage outage = new Outage();
        try (Migrator migrator = builder(outage).build()) {
            migrator.start();
            Awaitility.await().until(() -> outage.refused.get() >= 3);
            assertThat(migrator.readiness().ready()).isFalse();
            outage.down.set(false);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> migrator.status().currentVersion() == 2);
        }
        assertEachRanOnce();
    }

    @Test
    void runSaysAtOnceThatTheDatabaseIsNotThere() {
        Outage outage = new Outage();
        try (Migrator migrator = builder(outage).build()) {
            long start = System.nanoTime();
            assertThatThrownBy(migrator::run)
                    .isInstanceOf(RuntimeException.class)
                    .hasMessageContaining("connection refused");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        }
        assertThat(runs).isEmpty();
    }

    private void assertEachRanOnce() {
        assertThat(runs)
                .hasSize(2 * KBS)
                .allSatisfy((key, count) -> assertThat(count).as(key).hasValue(1));
        assertEachIsDone();
    }

    private void assertEachIsDone() {
        JdbcStateStore store = JdbcStateStore.create(dataSource);
        assertThat(store.count(Long.MAX_VALUE)).isEqualTo(KBS);
        assertThat(store.count(2)).isZero();
    }

    /** A trigger in the transaction itself records what the database has committed. */
    private void recordMoves() throws SQLException {
        Stores.look(JdbcStateStore.create(dataSource));
        Sql.execute(dataSource, """
                CREATE TABLE moves (kb_id TEXT, from_version BIGINT, to_version BIGINT, PRIMARY KEY (kb_id, to_version))
                """, """
                CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  INSERT INTO moves VALUES (new.kb_id, old.version, new.version); RETURN new; END $$
                """, """
                CREATE TRIGGER note_move AFTER UPDATE OF version ON kb_migrator_kb FOR EACH ROW EXECUTE FUNCTION note_move()
                """);
    }

    private void assertEachMovedOnce() throws SQLException {
        assertEachIsDone();
        assertThat(Sql.text(
                        dataSource,
                        "SELECT count(*) || ' ' || count(*) FILTER (WHERE to_version = from_version + 1) FROM moves"))
                .isEqualTo(2 * KBS + " " + 2 * KBS);
    }

    @Test
    void connectionsThatAreKilledInTheMiddleLoseAndRepeatNothing() throws SQLException {
        recordMoves();
        AtomicInteger kills = new AtomicInteger();
        try (Migrator migrator = builder(none()).kbConcurrency(8).build()) {
            migrator.start();
            for (int goal : List.of(1, 500, 1_500, 2_500, 3_500)) {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(60))
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> runs.size() >= goal);
                kills.addAndGet(killAll());
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> migrator.status().currentVersion() == 2);
        }
        assertThat(kills).hasValueGreaterThanOrEqualTo(3);
        assertEachMovedOnce();
    }

    private int killAll() throws SQLException {
        try (HikariDataSource killer = new HikariDataSource()) {
            killer.setJdbcUrl(dataSource.getJdbcUrl());
            killer.setUsername("postgres");
            return Integer.parseInt(Sql.text(
                    killer,
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                            + " WHERE datname = current_database() AND pid <> pg_backend_pid()"));
        }
    }

    @Test
    void aDatabaseThatMayOnlyBeReadIsNamedAsTheCause() throws SQLException {
        Stores.look(JdbcStateStore.create(dataSource));
        Sql.execute(
                dataSource,
                "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_transaction_read_only = on'; END $$");
        dataSource.getHikariPoolMXBean().softEvictConnections();
        try (Migrator migrator = builder(none()).build()) {
            CompletableFuture<?> run = Stores.async(migrator::run);
            assertThat(run)
                    .failsWithin(Duration.ofSeconds(30))
                    .withThrowableThat()
                    .withRootCauseInstanceOf(SQLException.class)
                    .withMessageContaining("read-only transaction");
        }
        assertThat(runs).isEmpty();
    }

    /** Every third batch of writes is committed, but its writer gets an error for a broken connection. */
    @Test
    void aCommitWhoseAnswerIsLostIsReadBack() throws SQLException {
        recordMoves();
        Random random = new Random(7);
        AtomicInteger lost = new AtomicInteger();
        HookedDataSource.Hook hook = new HookedDataSource.Hook() {
            @Override
            public void after(String step) throws SQLException {
                boolean writes = step.contains("UPDATE") || step.contains("INSERT") || step.equals("commit");
                if (writes && !step.contains("kb_migrator_replica") && isUnlucky()) {
                    lost.incrementAndGet();
                    throw new SQLException("an I/O error occurred while waiting for the answer", "08006");
                }
            }

            private synchronized boolean isUnlucky() {
                return lost.get() < 60 && random.nextInt(3) == 0;
            }
        };
        try (Migrator migrator =
                builder(hook).kbConcurrency(8).leaseTtl(Duration.ofSeconds(2)).build()) {
            migrator.start();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(90))
                    .ignoreExceptions()
                    .until(() -> migrator.status().currentVersion() == 2);
        }
        assertThat(lost).hasValueGreaterThan(10);
        assertEachMovedOnce();
        assertThat(Stores.look(JdbcStateStore.create(dataSource)).recordCounts())
                .isEmpty();
    }

    /** Some batches of completions are lost: on the way to the database, or only their results on the way back. */
    private static final class LosingBatches implements HookedDataSource.Hook {

        private static final int MOST = 5;

        private final boolean onTheWayThere;
        private final AtomicInteger sent = new AtomicInteger();
        private final AtomicInteger lost = new AtomicInteger();

        LosingBatches(boolean onTheWayThere) {
            this.onTheWayThere = onTheWayThere;
        }

        @Override
        public void before(String step) throws SQLException {
            loseIf(onTheWayThere, step);
        }

        @Override
        public void after(String step) throws SQLException {
            loseIf(!onTheWayThere, step);
        }

        private void loseIf(boolean now, String step) throws SQLException {
            boolean batch = now && step.contains("UPDATE \"public\".kb_migrator_kb");
            if (batch && sent.getAndIncrement() % 2 == 0 && lost.get() < MOST) {
                lost.incrementAndGet();
                throw new SQLException("an I/O error occurred", "08006");
            }
        }
    }

    /** To its sender, a batch that never arrives looks like one that was committed. */
    @Test
    void noVersionBeginsBeforeTheOneBeforeItIsOnRecord() {
        LosingBatches losing = new LosingBatches(true);
        Map<String, Long> storedAtTheStart = new ConcurrentHashMap<>();
        JdbcStateStore reader = JdbcStateStore.create(dataSource);
        KbMigration second = KbMigration.of(
                2,
                "second",
                (context, kbId) ->
                        storedAtTheStart.merge(kbId, Stores.state(reader, kbId).version(), Math::min));
        try (Migrator migrator = builder(losing)
                .migrations(Migrations.of(counting(1), second))
                .kbConcurrency(8)
                .build()) {
            assertThat(migrator.run().currentVersion()).isEqualTo(2);
        }
        assertThat(losing.lost).hasValueGreaterThanOrEqualTo(LosingBatches.MOST);
        assertThat(storedAtTheStart)
                .hasSize(KBS)
                .allSatisfy((kbId, version) -> assertThat(version).as(kbId).isEqualTo(1));
    }

    @Test
    void whatIsReadBackCountsAndIsToldOnce() {
        LosingBatches losing = new LosingBatches(false);
        Map<String, AtomicInteger> told = new ConcurrentHashMap<>();
        try (Migrator migrator = builder(losing)
                .kbConcurrency(8)
                .listener(new MigratorListener() {
                    @Override
                    public void kbMigrated(String kbId, long version) {
                        told.computeIfAbsent(version + "/" + kbId, key -> new AtomicInteger())
                                .incrementAndGet();
                    }
                })
                .build()) {
            assertThat(migrator.run().kbMigrations()).isEqualTo(2 * KBS);
        }
        assertThat(losing.lost).hasValueGreaterThanOrEqualTo(LosingBatches.MOST);
        assertThat(told)
                .hasSize(2 * KBS)
                .allSatisfy((key, count) -> assertThat(count).as(key).hasValue(1));
        assertEachRanOnce();
    }

    @Test
    void aLostAnswerIsAnErrorNotAnAssumption() {
        AtomicBoolean losing = new AtomicBoolean();
        HookedDataSource.Hook hook = new HookedDataSource.Hook() {
            @Override
            public void after(String step) throws SQLException {
                if (losing.get() && step.contains("INSERT INTO \"public\".kb_migrator_kb")) {
                    throw new SQLException("an I/O error occurred while waiting for the answer", "08006");
                }
            }
        };
        JdbcStateStore store = JdbcStateStore.create(HookedDataSource.over(dataSource, hook));
        Stores.look(store);
        losing.set(true);
        assertThatThrownBy(() -> store.enroll(Set.of("kb"), 1))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("waiting for the answer");
        assertThat(Stores.state(store, "kb").version()).isEqualTo(1);
        assertThat(store.enroll(Set.of("kb"), 1)).isEmpty();
    }
}
