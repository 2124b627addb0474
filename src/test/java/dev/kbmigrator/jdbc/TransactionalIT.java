package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Invariant 8: the migration's writes and the version commit in one transaction, under the epoch. */
class TransactionalIT {

    private static final List<String> KBS =
            IntStream.range(0, 40).mapToObj(i -> "kb-" + i).toList();

    /** Adds one to the KB's row of the host. */
    private static void add(Connection connection, String kbId) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("UPDATE host SET n = n + 1 WHERE kb = ?")) {
            statement.setString(1, kbId);
            statement.executeUpdate();
        }
    }

    private static HikariDataSource host(TestDatabase database) throws SQLException {
        HikariDataSource dataSource = database.newDataSource();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE host (kb VARCHAR(100) PRIMARY KEY, n INTEGER NOT NULL)");
            for (String kbId : KBS) {
                statement.execute("INSERT INTO host VALUES ('" + kbId + "', 0)");
            }
            statement.execute("INSERT INTO host VALUES ('total', 0)");
        }
        return dataSource;
    }

    private static List<Integer> counts(DataSource dataSource, String where) throws SQLException {
        List<Integer> counts = new java.util.ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT n FROM host WHERE " + where)) {
            while (rows.next()) {
                counts.add(rows.getInt(1));
            }
        }
        return counts;
    }

    private static Migrator migrator(DataSource dataSource, Migration... migrations) {
        return Migrator.builder()
                .migrations(Migrations.of(migrations))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(KBS::stream)
                .kbConcurrency(2)
                .build();
    }

    /** A migration whose part may fail. */
    private abstract static class Adding implements TransactionalKbMigration {
        @Override
        public long version() {
            return 1;
        }

        @Override
        public String name() {
            return "add";
        }
    }

    private static final class AddingToTotal implements TransactionalGlobalMigration {
        private final AtomicInteger attempts = new AtomicInteger();

        @Override
        public void migrate(MigrationContext context, Connection connection) throws Exception {
            if (context.lastCheckpoint(Integer.class).isEmpty()) {
                add(connection, "total");
                context.saveCheckpoint(1);
            }
            add(connection, "total");
            if (attempts.incrementAndGet() == 1) {
                throw new IllegalStateException("after the checkpoint");
            }
        }

        @Override
        public long version() {
            return 2;
        }

        @Override
        public String name() {
            return "total";
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void whatAFailedAttemptWroteIsRolledBackAndCheckpointsSplitTheWork(TestDatabase database) throws SQLException {
        AtomicInteger failures = new AtomicInteger();
        Adding twoSteps = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                if (context.lastCheckpoint(String.class).isEmpty()) {
                    add(connection, kbId);
                    context.saveCheckpoint("first");
                }
                add(connection, kbId);
                if (context.attempt() == 1 && kbId.endsWith("7")) {
                    failures.incrementAndGet();
                    throw new IllegalStateException("in the second step");
                }
            }
        };
        AddingToTotal total = new AddingToTotal();
        try (HikariDataSource dataSource = host(database);
                Migrator migrator = migrator(dataSource, twoSteps, total)) {
            assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
            assertThat(counts(dataSource, "kb LIKE 'kb-%7'")).containsOnly(1);
            assertThatThrownBy(migrator::run).hasMessageContaining("after the checkpoint");
            assertThat(counts(dataSource, "kb = 'total'")).containsExactly(1);
            assertThat(migrator.run().currentVersion()).isEqualTo(2);
            assertThat(failures).hasValue(4);
            assertThat(counts(dataSource, "kb <> 'total'")).hasSize(40).containsOnly(2);
            assertThat(counts(dataSource, "kb = 'total'")).containsExactly(2);
        }
    }

    /** Not on SQLite, where nobody can take over while a transaction holds the only write lock. */
    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void aSupersededAttemptCommitsNothing(TestDatabase database) throws SQLException {
        AtomicInteger superseded = new AtomicInteger();
        Adding overtaken = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                if (kbId.equals("kb-3") && superseded.getAndIncrement() == 0) {
                    // What another replica does when it takes over
                    context.service(JdbcStateStore.class).openEpochs(Set.of(Partitions.of(kbId)));
                }
                add(connection, kbId);
            }
        };
        try (HikariDataSource dataSource = host(database);
                Migrator migrator = migrator(dataSource, overtaken)) {
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(superseded.get()).isGreaterThan(1);
            assertThat(counts(dataSource, "kb <> 'total'")).hasSize(40).containsOnly(1);
        }
    }

    /** The version cannot change from the expected one, so the writes must not stay either. */
    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void whatIsWrittenForAKbThatIsForgottenOrMadeAnewMeanwhileIsRolledBack(TestDatabase database) throws SQLException {
        Adding overtaken = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                JdbcStateStore store = context.service(JdbcStateStore.class);
                if (kbId.equals("kb-3") || kbId.equals("kb-5")) {
                    store.remove(Set.of(kbId));
                }
                if (kbId.equals("kb-5")) {
                    store.enroll(Set.of(kbId), 1);
                }
                add(connection, kbId);
            }
        };
        try (HikariDataSource dataSource = host(database);
                Migrator migrator = migrator(dataSource, overtaken)) {
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(counts(dataSource, "kb IN ('kb-3', 'kb-5')")).containsExactly(0, 0);
            assertThat(counts(dataSource, "kb NOT IN ('total', 'kb-3', 'kb-5')"))
                    .hasSize(38)
                    .containsOnly(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "H2"})
    @Timeout(60)
    void aCommitWhoseAnswerWasLostIsReadBack(TestDatabase database) throws SQLException {
        AtomicInteger commits = new AtomicInteger();
        Adding adding = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                add(connection, kbId);
            }
        };
        try (HikariDataSource dataSource = host(database);
                Migrator migrator = migrator(losingAnswers(dataSource, commits), adding)) {
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(commits.get()).isGreaterThan(40);
            assertThat(counts(dataSource, "kb <> 'total'")).hasSize(40).containsOnly(1);
        }
    }

    /** Every fifth commit happens, but its result does not arrive. */
    private static DataSource losingAnswers(DataSource real, AtomicInteger commits) {
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(), new Class<?>[] {DataSource.class}, (proxy, method, arguments) -> {
                    Object answer = invoke(real, method, arguments);
                    return answer instanceof Connection connection ? losing(connection, commits) : answer;
                });
    }

    private static Connection losing(Connection real, AtomicInteger commits) {
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, arguments) -> {
                    Object answer = invoke(real, method, arguments);
                    if (method.getName().equals("commit") && commits.incrementAndGet() % 5 == 0) {
                        throw new SQLException("the answer was lost", "08006");
                    }
                    return answer;
                });
    }

    private static Object invoke(Object target, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"H2"})
    void theMigrationCannotEndTheTransaction(TestDatabase database) throws SQLException {
        AtomicInteger refused = new AtomicInteger();
        Adding committing = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                assertThatThrownBy(connection::commit).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(connection::rollback).isInstanceOf(UnsupportedOperationException.class);
                assertThatThrownBy(connection::close).isInstanceOf(UnsupportedOperationException.class);
                refused.incrementAndGet();
                add(connection, kbId);
            }
        };
        try (HikariDataSource dataSource = host(database);
                Migrator migrator = migrator(dataSource, committing)) {
            migrator.run();
            assertThat(refused).hasValue(40);
            assertThat(counts(dataSource, "kb <> 'total'")).containsOnly(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"H2"})
    @Timeout(30)
    void whatAPartHasWrittenThatReturnsBecauseItIsCancelledIsRolledBack(TestDatabase database) throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        Adding untilCancelled = new Adding() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                add(connection, kbId);
                context.saveCheckpoint(1);
                add(connection, kbId);
                entered.countDown();
                while (!context.isCancelled()) {
                    Thread.onSpinWait();
                }
            }
        };
        try (HikariDataSource dataSource = host(database)) {
            Migrator closing = migrator(dataSource, untilCancelled);
            closing.start();
            entered.await();
            closing.close(Duration.ofSeconds(10));
            assertThat(counts(dataSource, "kb <> 'total'"))
                    .as("no more than what was committed with the checkpoint")
                    .containsOnly(0, 1);
            Migrator next = migrator(dataSource, new Adding() {
                @Override
                public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
                    if (context.lastCheckpoint(Integer.class).isEmpty()) {
                        add(connection, kbId);
                    }
                    add(connection, kbId);
                }
            });
            assertThat(next.run().currentVersion()).isEqualTo(1);
            assertThat(counts(dataSource, "kb <> 'total'")).containsOnly(2);
            next.close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL"})
    void aCheckpointIsOneRoundTrip(TestDatabase database) throws SQLException {
        AtomicInteger statements = new AtomicInteger();
        AtomicInteger duringCheckpoint = new AtomicInteger();
        AtomicReference<Thread> bodyThread = new AtomicReference<>();
        KbMigration saving = KbMigration.of(1, "save", (context, kbId) -> {
            if (kbId.equals("kb-0")) {
                bodyThread.set(Thread.currentThread());
                int before = statements.get();
                context.saveCheckpoint("here");
                duringCheckpoint.set(statements.get() - before);
            }
        });
        try (HikariDataSource dataSource = database.newDataSource();
                Migrator migrator = Migrator.builder()
                        .migrations(Migrations.of(saving))
                        .storage(JdbcStorage.create(ProxyDataSourceBuilder.create(dataSource)
                                .afterQuery((execution, queries) -> {
                                    if (Thread.currentThread() == bodyThread.get()) {
                                        statements.incrementAndGet();
                                    }
                                })
                                .build()))
                        .knowledgeBoxes(() -> java.util.stream.Stream.of("kb-0"))
                        .build()) {
            migrator.run();
            assertThat(duringCheckpoint).hasValue(1);
        }
    }
}
