package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.RoundTrips;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.Writes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** A write that carries an old epoch never commits, even if it was sent before the new one was opened. */
@Timeout(120)
class FencingIT {

    private static final int PARTITION = 3;
    private static final String KB = Stores.inPartition(PARTITION, 1).get(0);

    private static JdbcStateStore enrolled(HikariDataSource dataSource) {
        JdbcStateStore store = JdbcStateStore.create(dataSource);
        store.enroll(Set.of(KB), 0);
        return store;
    }

    private static KbWrite move(JdbcStateStore store) {
        return Writes.advanced(store, KB, 0, 1);
    }

    private static KbWrite save(JdbcStateStore store) {
        return Writes.checkpointed(store, KB, 0, 1, "\"here\"");
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aWriteThatIsSentBeforeAndArrivesAfterANewEpochIsRefused(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            for (KbWrite write : List.of(move(store), save(store))) {
                Epoch old = Stores.epoch(store, PARTITION);
                Steps steps = new Steps();
                HookedDataSource.Hook hook = new HookedDataSource.Hook() {
                    @Override
                    public void before(String step) {
                        if (step.equals("connect")) {
                            steps.await();
                        }
                    }
                };
                JdbcStateStore slow = JdbcStateStore.create(HookedDataSource.over(dataSource, hook));
                CompletableFuture<WriteResult> written =
                        Stores.async(() -> steps.run(() -> slow.write(Set.of(old), List.of(write))));
                steps.awaitFirst();
                steps.step(() -> false);
                assertThat(Stores.epoch(store, PARTITION).number()).isGreaterThan(old.number());
                steps.allowAll();
                assertThat(written.get(20, TimeUnit.SECONDS).staleScopes()).containsExactly(PARTITION);
                assertThat(Stores.state(store, KB).version()).isZero();
                assertThat(Stores.state(store, KB).record()).isNull();
            }
        }
    }

    /** SQLite has no row locks: a write that is under way makes everybody else wait. */
    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void aWriteThatARowLockHoldsUpIsCommittedBeforeANewEpochOrNever(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            for (KbWrite write : List.of(save(store), move(store))) {
                Epoch old = Stores.epoch(store, PARTITION);
                HeldUp<WriteResult> end = new RowLock(database, dataSource, "kb", "kb_id")
                        .holdUp(old, writer -> writer.write(Set.of(old), List.of(write)));
                assertThat(end.answer().refused()).isEqualTo(end.openedFirst());
                long version = Stores.state(store, KB).version();
                boolean saved = Stores.state(store, KB).record() != null;
                assertThat(write instanceof KbWrite.Advanced ? version == 1 : saved)
                        .isEqualTo(!end.openedFirst());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void aChangeOfADocumentThatARowLockHoldsUpIsCommittedBeforeANewEpochOrNever(TestDatabase database)
            throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            store.compareAndSet("held", 0, "1", null);
            long revision = store.document("held").orElseThrow().revision();
            Epoch old = Stores.epoch(store, Epoch.COORDINATOR);
            HeldUp<Boolean> end = new RowLock(database, dataSource, "document", "revision")
                    .holdUp(old, writer -> writer.compareAndSet("held", revision, "2", old));
            assertThat(end.answer()).isEqualTo(!end.openedFirst());
            assertThat(store.document("held").orElseThrow().json()).isEqualTo(end.openedFirst() ? "1" : "2");
        }
    }

    /** How a write ended that waited for a row lock while a new epoch was requested: whether the epoch was opened first. */
    private record HeldUp<T>(boolean openedFirst, T answer) {}

    /** Somebody else's lock on all rows of a table, and the text of a statement that waits for it. */
    private record RowLock(TestDatabase database, HikariDataSource dataSource, String table, String column) {

        <T> HeldUp<T> holdUp(Epoch old, Function<JdbcStateStore, T> write) throws Exception {
            AtomicInteger asked = new AtomicInteger();
            JdbcStateStore opener =
                    JdbcStateStore.create(HookedDataSource.over(dataSource, counting("SELECT scope", "NOWAIT", asked)));
            AtomicInteger sent = new AtomicInteger();
            JdbcStateStore writer = JdbcStateStore.create(
                    HookedDataSource.over(dataSource, counting("kb_migrator_" + table, column, sent)));
            CompletableFuture<T> written;
            CompletableFuture<Epoch> opened;
            boolean openedFirst;
            try (Connection other = dataSource.getConnection()) {
                other.setAutoCommit(false);
                Sql.text(other, "SELECT " + column + " FROM kb_migrator_" + table + " FOR UPDATE");
                written = Stores.async(() -> write.apply(writer));
                Awaitility.await().until(() -> sent.get() > 0 && isWaiting(database, dataSource));
                opened = Stores.async(() -> Stores.epoch(opener, old.scope()));
                Awaitility.await().until(() -> opened.isDone() || asked.get() >= 3);
                assertThat(written).isNotDone();
                openedFirst = opened.isDone();
                other.rollback();
            }
            T answer = written.get(20, TimeUnit.SECONDS);
            assertThat(opened.get(20, TimeUnit.SECONDS).number()).isGreaterThan(old.number());
            // PostgreSQL checks the fence with the write, the others check it last
            assertThat(openedFirst).isEqualTo(database != TestDatabase.POSTGRESQL);
            return new HeldUp<>(openedFirst, answer);
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void aNewEpochWaitsForARaiseThatIsNotCommittedYet(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            Epoch old = Stores.epoch(store, PARTITION);
            store.write(Set.of(old), List.of(move(store)));
            Steps steps = new Steps();
            HookedDataSource.Hook beforeTheCommit = new HookedDataSource.Hook() {
                @Override
                public void before(String step) {
                    if (step.equalsIgnoreCase("commit")) {
                        steps.await();
                    }
                }
            };
            JdbcStateStore slow = JdbcStateStore.create(HookedDataSource.over(dataSource, beforeTheCommit));
            CompletableFuture<Set<Integer>> raised =
                    Stores.async(() -> steps.run(() -> slow.raiseFloors(Set.of(old), 1)));
            steps.awaitFirst();
            assertThat(raised).isNotDone();
            AtomicInteger asked = new AtomicInteger();
            JdbcStateStore opener =
                    JdbcStateStore.create(HookedDataSource.over(dataSource, counting("SELECT scope", "NOWAIT", asked)));
            CompletableFuture<Epoch> opened = Stores.async(() -> Stores.epoch(opener, PARTITION));
            Awaitility.await()
                    .until(() -> opened.isDone()
                            || (database == TestDatabase.POSTGRESQL
                                    ? asked.get() >= 3
                                    : isWaiting(database, dataSource)));
            assertThat(opened).isNotDone();
            steps.allowAll();
            assertThat(raised.get(20, TimeUnit.SECONDS)).containsExactly(PARTITION);
            assertThat(opened.get(20, TimeUnit.SECONDS).number()).isGreaterThan(old.number());
        }
    }

    private static HookedDataSource.Hook counting(String start, String part, AtomicInteger count) {
        return new HookedDataSource.Hook() {
            @Override
            public void before(String step) {
                if (step.contains(start) && step.contains(part)) {
                    count.incrementAndGet();
                }
            }
        };
    }

    private static boolean isWaiting(TestDatabase database, HikariDataSource dataSource) throws SQLException {
        String waiting = switch (database) {
            case POSTGRESQL ->
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            case MARIADB -> "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
            case H2 -> "SELECT COUNT(*) FROM information_schema.sessions WHERE blocker_id IS NOT NULL";
            case SQLITE -> throw new IllegalArgumentException("no row locks");
        };
        return !Sql.text(dataSource, waiting).equals("0");
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aNewEpochWaitsWhileAWriterHoldsTheFence(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            Epoch old = Stores.epoch(store, PARTITION);
            Database ours = new Database(JdbcSettings.of(dataSource));
            Steps steps = new Steps();
            CompletableFuture<Set<Integer>> held =
                    Stores.async(() -> steps.run(() -> ours.transaction("hold the fence", connection -> {
                        Set<Integer> stale = store.sql().fence().staleScopes(connection, Set.of(old));
                        steps.await();
                        return stale;
                    })));
            steps.awaitFirst();
            CompletableFuture<Epoch> opened = Stores.async(() -> Stores.epoch(store, PARTITION));
            assertThat(opened).failsWithin(Duration.ofMillis(300)).withThrowableOfType(TimeoutException.class);
            steps.allowAll();
            assertThat(held.get(20, TimeUnit.SECONDS)).isEmpty();
            assertThat(opened.get(20, TimeUnit.SECONDS).number()).isGreaterThan(old.number());
        }
    }

    @Test
    void aCheckpointIsOneRoundTripOnPostgresql() {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource()) {
            JdbcStateStore store = enrolled(dataSource);
            Epoch epoch = Stores.epoch(store, PARTITION);
            List<KbWrite> writes = List.of(save(store));
            RoundTrips trips = new RoundTrips(dataSource);
            JdbcStateStore counted = JdbcStateStore.create(trips.dataSource());
            Stores.look(counted);
            long before = trips.count();
            assertThat(counted.write(Set.of(epoch), writes)).isEqualTo(WriteResult.ALL_DONE);
            assertThat(trips.count() - before).isEqualTo(1);
        }
    }
}
