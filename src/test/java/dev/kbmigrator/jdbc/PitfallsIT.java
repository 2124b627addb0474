package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.RoundTrips;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.TestFiles;
import dev.kbmigrator.support.Writes;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is known to go wrong with databases, with one test each. */
@Timeout(120)
class PitfallsIT {

    private static List<String> ids(int count) {
        return IntStream.range(0, count).mapToObj(i -> "kb-" + i).toList();
    }

    private static void together(int threads, Callable<?> task) throws Exception {
        List<CompletableFuture<?>> running = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            running.add(Stores.async(task));
        }
        for (CompletableFuture<?> one : running) {
            one.get(50, TimeUnit.SECONDS);
        }
    }

    private static MigratorBuilder twoVersions(Collection<String> kbs) {
        return Migrator.builder()
                .migrations(Migrations.of(
                        KbMigration.of(1, "first", (context, kbId) -> {}),
                        KbMigration.of(2, "second", (context, kbId) -> {})))
                .knowledgeBoxes(kbs::stream);
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void overlappingBatchesInAnyOrderNeverFail(TestDatabase database) throws Exception {
        List<String> kbs = ids(100);
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            store.enroll(kbs, 0);
            Collection<Epoch> epochs = store.openEpochs(
                            kbs.stream().map(Partitions::of).collect(Collectors.toSet()))
                    .values();
            Map<String, KbState> enrolled = store.find(kbs);
            AtomicInteger seeds = new AtomicInteger();
            AtomicInteger done = new AtomicInteger();
            together(database == TestDatabase.SQLITE ? 4 : 8, () -> {
                Random random = new Random(seeds.incrementAndGet());
                for (int round = 0; round < 10; round++) {
                    List<String> batch = new ArrayList<>(kbs);
                    Collections.shuffle(batch, random);
                    long from = round / 2;
                    WriteResult result = store.write(
                            epochs,
                            batch.subList(0, 50).stream()
                                    .map(kbId -> change(Objects.requireNonNull(enrolled.get(kbId)), from, random))
                                    .toList());
                    assertThat(result.refused()).isFalse();
                    done.addAndGet(50 - result.exceptions().size());
                }
                return true;
            });
            assertThat(done).hasPositiveValue();
            assertThat(store.find(kbs)).hasSize(kbs.size());
        }
    }

    private static KbWrite change(KbState kb, long from, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> new KbWrite.Failed(kb.kbId(), kb.incarnation(), from, from + 1, 1, "no", Duration.ofSeconds(1));
            case 1 -> new KbWrite.Checkpointed(kb.kbId(), kb.incarnation(), from, from + 1, "1");
            default -> new KbWrite.Advanced(kb.kbId(), kb.incarnation(), from, from + 1);
        };
    }

    @Test
    void sqliteUnderContentionNeverFails() throws Exception {
        try (HikariDataSource dataSource = TestDatabase.SQLITE.newDataSource(
                config -> config.setJdbcUrl(config.getJdbcUrl().replace("busy_timeout=10000", "busy_timeout=20")))) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            JdbcLock lock = JdbcLock.create(dataSource);
            Stores.look(store);
            AtomicInteger threads = new AtomicInteger();
            together(4, () -> {
                int thread = threads.incrementAndGet();
                for (int round = 0; round < 15; round++) {
                    String kbId = "kb-" + thread + "-" + round;
                    store.enroll(Set.of(kbId), 0);
                    WriteResult result = store.write(
                            Set.of(Stores.epoch(store, Partitions.of(kbId))),
                            List.of(Writes.advanced(store, kbId, 0, 1)));
                    // Another thread may have opened the same partition's epoch in between
                    assertThat(result.exceptions()).isEmpty();
                    store.compareAndSet("now/" + kbId, 0, "{}", null);
                    lock.tryAcquire("shared", Duration.ofSeconds(5)).ifPresent(Lease::release);
                    Stores.look(store);
                }
                return true;
            });
            assertThat(Stores.look(store).documents()).hasSize(60);
            assertThat(store.count(2)).isEqualTo(60);
        }
    }

    @Test
    void mariaDbMayCountOnlyTheRowsThatItChanged() {
        try (HikariDataSource dataSource = TestDatabase.MARIADB.newDataSource(
                config -> config.setJdbcUrl(config.getJdbcUrl() + "?useAffectedRows=true"))) {
            try (Migrator migrator = twoVersions(ids(300))
                    .storage(JdbcStorage.create(dataSource))
                    .build()) {
                assertThat(migrator.run().kbMigrations()).isEqualTo(600);
            }
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            assertThat(store.compareAndSet("now/same", 0, "{}", null)).isTrue();
            long revision = store.document("now/same").orElseThrow().revision();
            assertThat(store.compareAndSet("now/same", revision, "{}", null)).isTrue();
            assertThat(store.compareAndSet("now/same", revision, "{}", null)).isFalse();
            Lease lease = JdbcLock.create(dataSource)
                    .tryAcquire("one", Duration.ofMinutes(1))
                    .orElseThrow();
            for (int i = 0; i < 20; i++) {
                assertThat(lease.renew(Duration.ofMinutes(1))).isEqualTo(Renewal.HELD);
            }
        }
    }

    /** Another replica enrols some KBs of a batch in between: a driver that sends whole batches may not say which rows it inserted. */
    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void whoOfABatchWasEnrolledIsKnownWhenSomeWereThere(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            int partition = 5;
            List<String> kbs = Stores.inPartition(partition, 4);
            Stores.look(store);
            assertThat(store.raiseFloors(Set.of(Stores.epoch(store, partition)), 3))
                    .containsExactly(partition);
            AtomicInteger asked = new AtomicInteger();
            HookedDataSource.Hook hook = new HookedDataSource.Hook() {
                @Override
                public void after(String step) {
                    if (step.startsWith("SELECT") && step.contains("kb_migrator_kb") && asked.incrementAndGet() == 1) {
                        assertThat(store.enroll(kbs.subList(0, 2), 3)).hasSize(2);
                    }
                }
            };
            JdbcStateStore late = JdbcStateStore.create(HookedDataSource.over(dataSource, hook));
            assertThat(late.enroll(kbs, 1)).containsExactlyInAnyOrderElementsOf(kbs.subList(2, 4));
            assertThat(asked).hasPositiveValue();
            assertThat(Stores.due(store, partition, 3)).containsExactlyInAnyOrderElementsOf(kbs.subList(2, 4));
            assertThat(Stores.look(store).recordCounts())
                    .singleElement()
                    .satisfies(count -> assertThat(count.due()).isEqualTo(2));
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void idsThatACollationWouldMergeStayApart(TestDatabase database) {
        List<String> kbs = List.of("kb", "kb ", "KB", "Kb", "k\u00e9", "ke\u0301", "ke", "stra\u00dfe", "strasse");
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            assertThat(store.enroll(kbs, 0)).hasSize(kbs.size());
            for (String kbId : kbs) {
                Epoch epoch = Stores.epoch(store, Partitions.of(kbId));
                store.write(Set.of(epoch), List.of(Writes.advanced(store, kbId, 0, 1)));
                assertThat(store.count(1)).isEqualTo(kbs.size() - kbs.indexOf(kbId) - 1);
            }
            store.remove(Set.of("kb"));
            assertThat(store.find(kbs)).hasSize(kbs.size() - 1).doesNotContainKey("kb");
        }
    }

    /** An interrupt while one connection reads or writes would close the file under all connections. */
    @Test
    void anInterruptWhileACheckpointIsSavedLeavesAnH2FileOpen() {
        String url = "jdbc:h2:" + TestFiles.newDirectory("h2").resolve("kb");
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL(url + ";DB_CLOSE_DELAY=-1;WRITE_DELAY=0");
        AtomicInteger interrupted = new AtomicInteger();
        Set<String> tried = ConcurrentHashMap.newKeySet();
        try (HikariDataSource dataSource = TestDatabase.H2.newDataSource(config -> config.setDataSource(h2));
                Migrator migrator = Migrator.builder()
                        .migrations(Migrations.of(KbMigration.of(1, "saves", (context, kbId) -> {
                            boolean again = !tried.add(kbId);
                            try {
                                int saved = 0;
                                while (!again) {
                                    context.saveCheckpoint(kbId.repeat(200) + saved++);
                                }
                            } finally {
                                interrupted.addAndGet(again ? 0 : 1);
                            }
                        })))
                        .storage(JdbcStorage.create(dataSource))
                        .knowledgeBoxes(ids(30)::stream)
                        .kbConcurrency(4)
                        .attemptTimeout(Duration.ofMillis(100))
                        .backoff(Duration.ofMillis(1), Duration.ofMillis(10))
                        .build()) {
            assertThatThrownBy(migrator::run).hasMessageContaining("time limit");
            assertThat(interrupted).hasValue(30);
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(JdbcStateStore.create(dataSource).count(1)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aPoolWithoutAutoCommitIsFine(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource(config -> config.setAutoCommit(false))) {
            try (Migrator migrator = twoVersions(ids(200))
                    .storage(JdbcStorage.create(dataSource))
                    .build()) {
                assertThat(migrator.run().kbMigrations()).isEqualTo(400);
                assertThat(migrator.run().kbMigrations()).isZero();
            }
            assertThat(JdbcStateStore.create(dataSource).count(2)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aConnectionIsGivenBackAsItWas(TestDatabase database) throws Exception {
        try (HikariDataSource pool = database.newDataSource();
                Connection pooled = pool.getConnection()) {
            Connection raw = pooled.unwrap(Connection.class);
            raw.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            List<String> settings = switch (database) {
                case POSTGRESQL -> List.of("statement_timeout", "idle_in_transaction_session_timeout");
                case MARIADB -> List.of("innodb_lock_wait_timeout", "idle_transaction_timeout", "max_statement_time");
                case H2, SQLITE -> List.of();
            };
            for (String setting : settings) {
                try (Statement statement = raw.createStatement()) {
                    // PostgreSQL's timeouts are in milliseconds, and it keeps to them
                    statement.execute(
                            "SET SESSION " + setting + " = " + (database == TestDatabase.POSTGRESQL ? "'77s'" : "77"));
                }
            }
            for (boolean autoCommit : List.of(true, false)) {
                raw.setAutoCommit(autoCommit);
                List<String> before = settings(raw, database, settings);
                useEverything(Stores.always(raw));
                assertThat(settings(raw, database, settings)).isEqualTo(before);
            }
        }
    }

    private static List<String> settings(Connection raw, TestDatabase database, List<String> names) throws Exception {
        List<String> values = new ArrayList<>();
        values.add("autocommit " + raw.getAutoCommit());
        values.add("isolation " + raw.getTransactionIsolation());
        for (String name : names) {
            String show = database == TestDatabase.POSTGRESQL ? "SHOW " + name : "SELECT @@SESSION." + name;
            values.add(name + " " + Sql.text(raw, show));
        }
        if (!raw.getAutoCommit()) {
            raw.rollback();
        }
        return values;
    }

    private static void useEverything(DataSource dataSource) {
        JdbcStateStore store = JdbcStateStore.create(dataSource);
        Stores.look(store);
        store.enroll(Set.of("kb"), 0);
        Epoch old = Stores.epoch(store, Partitions.of("kb"));
        Epoch epoch = Stores.epoch(store, Partitions.of("kb"));
        List<KbWrite> writes = List.of(Writes.advanced(store, "kb", 0, 1));
        assertThat(store.write(Set.of(old), writes).refused()).isTrue();
        assertThat(store.write(Set.of(epoch), writes)).isEqualTo(WriteResult.ALL_DONE);
        assertThat(store.raiseFloors(Set.of(epoch), 1)).hasSize(1);
        store.compareAndSet("x", 0, "{}", epoch);
        Lease lease = JdbcLock.create(dataSource)
                .tryAcquire("a", Duration.ofMinutes(1))
                .orElseThrow();
        lease.renew(Duration.ofMinutes(1));
        lease.release();
        store.remove(Set.of("kb"));
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void theClockIsTheDatabasesAndDoesNotStandStill(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            long host = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
            assertThat(Stores.look(store).storeMicros()).isCloseTo(host, Offset.offset(20_000_000L));
            Database ours = new Database(JdbcSettings.of(dataSource));
            String now = "SELECT " + ours.dialect().now();
            Database.Work<Boolean, SQLException> advances = connection -> {
                long first = Long.parseLong(Sql.text(connection, now));
                long start = System.nanoTime();
                while (Long.parseLong(Sql.text(connection, now)) <= first) {
                    if (System.nanoTime() - start > 500_000_000) {
                        return false;
                    }
                }
                return true;
            };
            assertThat(ours.autocommit("read the clock", advances)).isTrue();
            // H2's clock stands still within a transaction, which is why leases are acquired outside of one
            assertThat(ours.transaction("read the clock", advances)).isEqualTo(database != TestDatabase.H2);
        }
    }

    @Test
    void anUnknownDatabaseIsRefusedByNameAndTheKnownOnesAreNamed() {
        Object metadata = stub(DatabaseMetaData.class, "getDatabaseProductName", "Foo");
        Object connection = stub(Connection.class, "getMetaData", metadata);
        DataSource dataSource = (DataSource) stub(DataSource.class, "getConnection", connection);
        JdbcStateStore store = JdbcStateStore.create(dataSource);
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> Stores.look(store),
                store::ddl,
                () -> JdbcLock.create(dataSource).tryAcquire("a", Duration.ofMinutes(1)))) {
            assertThatThrownBy(call)
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContainingAll("\"Foo\"", "PostgreSQL", "MariaDB", "MySQL", "H2", "SQLite");
        }
    }

    private static Object stub(Class<?> type, String answered, Object answer) {
        return Proxy.newProxyInstance(
                PitfallsIT.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> method.getName().equals(answered) ? answer : null);
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void noLockOutlivesATransaction(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            RoundTrips trips = new RoundTrips(dataSource);
            trips.remember();
            try (Migrator migrator = twoVersions(ids(20))
                    .storage(JdbcStorage.create(trips.dataSource()))
                    .build()) {
                migrator.run();
            }
            assertThat(trips.statements().stream().map(sql -> sql.toLowerCase(Locale.ROOT)))
                    .isNotEmpty()
                    .noneMatch(sql ->
                            Stream.of("advisory", "get_lock", "lock table").anyMatch(sql::contains));
        }
    }

    @Test
    void aClientThatStopsWithAFloorLockedBlocksOthersForTheTransactionTimeoutAtMost() throws Exception {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            int partition = 9;
            Epoch epoch = Stores.epoch(store, partition);
            Steps steps = new Steps();
            HookedDataSource.Hook hook = new HookedDataSource.Hook() {
                @Override
                public void before(String step) {
                    if (step.equals("commit")) {
                        steps.await();
                    }
                }
            };
            JdbcStateStore stopped = JdbcStateStore.create(JdbcSettings.of(HookedDataSource.over(dataSource, hook))
                    .withTransactionTimeout(Duration.ofSeconds(1)));
            CompletableFuture<Set<Integer>> raised =
                    Stores.async(() -> steps.run(() -> stopped.raiseFloors(Set.of(epoch), 1)));
            steps.awaitFirst();
            String kbId = Stores.inPartition(partition, 1).get(0);
            CompletableFuture<Set<String>> enrolled = Stores.async(() -> store.enroll(Set.of(kbId), 0));
            assertThat(enrolled).failsWithin(Duration.ofMillis(200)).withThrowableOfType(TimeoutException.class);
            assertThat(enrolled.get(15, TimeUnit.SECONDS)).containsExactly(kbId);
            steps.allowAll();
            assertThatThrownBy(() -> raised.get(15, TimeUnit.SECONDS)).hasRootCauseInstanceOf(Exception.class);
            assertThat(Stores.look(store).floors().get(partition)).isZero();
        }
    }
}
