package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.Writes;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One execution of a transactional migration, under a stub of the engine: what it asks, reports and rolls back. */
@Timeout(60)
class TransactionalExecutionIT {

    private static final String KB = "kb";

    private HikariDataSource dataSource;
    private Engine engine;

    @BeforeEach
    void open() throws SQLException {
        dataSource = TestDatabase.H2.newDataSource();
        engine = new Engine(dataSource, true);
    }

    @AfterEach
    void close() {
        dataSource.close();
    }

    /** What the engine shows a migration of a KB, or of the whole fleet. */
    private static final class Engine implements MigrationContext, AttemptCommit {

        private final List<String> heard = new ArrayList<>();
        private final JdbcStateStore store;
        private final boolean ofKb;
        private final Epoch epoch;
        private final long incarnation;
        private boolean cancelled;
        private boolean cancelledOnceSaved;
        private boolean told;

        private Engine(DataSource dataSource, boolean ofKb) throws SQLException {
            this.store =
                    JdbcStateStore.create(JdbcSettings.of(dataSource).withTransactionTimeout(Duration.ofSeconds(7)));
            this.ofKb = ofKb;
            Stores.look(store);
            Sql.execute(dataSource, "CREATE TABLE host (n INTEGER NOT NULL)", "INSERT INTO host VALUES (0)");
            store.enroll(Set.of(KB), 3);
            epoch = Stores.epoch(store, ofKb ? Partitions.of(KB) : Epoch.COORDINATOR);
            incarnation = Writes.incarnation(store, KB);
        }

        /** Another engine, over the same tables. */
        private Engine(JdbcStateStore store, Engine before) {
            this.store = store;
            this.ofKb = before.ofKb;
            this.epoch = before.epoch;
            this.incarnation = before.incarnation;
        }

        @Override
        public long version() {
            return 4;
        }

        @Override
        public String name() {
            return "add";
        }

        @Override
        public Optional<String> kbId() {
            return ofKb ? Optional.of(KB) : Optional.empty();
        }

        @Override
        public int attempt() {
            return 2;
        }

        @Override
        public long fencingToken() {
            return epoch.number();
        }

        @Override
        public <T> T service(Class<T> type) {
            return type.cast(store);
        }

        @Override
        public <T> Optional<T> lastCheckpoint(Class<T> type) {
            return Optional.of(type.cast("where it was"));
        }

        @Override
        public void saveCheckpoint(Object checkpoint) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void progress(String message) {
            heard.add(message);
        }

        @Override
        public boolean isCancelled() {
            told |= cancelled;
            return cancelled;
        }

        @Override
        public void checkCancelled() {
            if (isCancelled()) {
                throw new MigrationCancelledException("stop");
            }
        }

        @Override
        public void checkMayCommit() {
            if (told) {
                throw new MigrationCancelledException("it was told to stop");
            }
        }

        @Override
        public Epoch epoch() {
            return epoch;
        }

        @Override
        public long fromVersion() {
            return 3;
        }

        @Override
        public long incarnation() {
            return incarnation;
        }

        @Override
        public Optional<Document> doneRecord() {
            heard.add("asked for the record");
            return record("done");
        }

        @Override
        public String checkpointJson(Object checkpoint) {
            return "\"" + checkpoint + "\"";
        }

        @Override
        public Optional<Document> checkpointRecord(String json) {
            return record(json);
        }

        private Optional<Document> record(String json) {
            if (ofKb) {
                return Optional.empty();
            }
            long revision = store.document("record").map(Document::revision).orElse(0L);
            return Optional.of(new Document("record", revision, json));
        }

        @Override
        public void checkpointSaved(String json) {
            heard.add("saved " + json);
            cancelled = cancelledOnceSaved;
        }

        @Override
        public void committed() {
            heard.add("committed");
        }

        @Override
        public String toString() {
            return "the attempt";
        }
    }

    private void run(TransactionalExecution.Part part) throws Exception {
        TransactionalExecution.run(engine, part);
    }

    private static void add(Connection connection) throws SQLException {
        Sql.execute(connection, "UPDATE host SET n = n + 1");
    }

    private long added() throws SQLException {
        return Sql.number(dataSource, "SELECT n FROM host");
    }

    private static SQLException deadlock() {
        return new SQLException("deadlock", "40001", 40001);
    }

    /** Writes, and then fails with each of these errors in turn. */
    private TransactionalExecution.Part failing(AtomicInteger runs, Exception... errors) {
        return (context, connection) -> {
            add(connection);
            int run = runs.getAndIncrement();
            if (run < errors.length) {
                throw errors[run];
            }
        };
    }

    @Test
    void whatItWritesAndTheVersionAreCommittedAndTheEngineIsTold() throws Exception {
        run((context, connection) -> add(connection));
        assertThat(added()).isEqualTo(1);
        assertThat(Stores.state(engine.store, KB).version()).isEqualTo(4);
        assertThat(engine.heard).containsExactly("asked for the record", "committed");
    }

    @Test
    void theMigrationSeesTheEnginesContext() throws Exception {
        run((context, connection) -> {
            assertThat(context.version()).isEqualTo(4);
            assertThat(context.name()).isEqualTo("add");
            assertThat(context.kbId()).hasValue(KB);
            assertThat(context.attempt()).isEqualTo(2);
            assertThat(context.fencingToken()).isEqualTo(engine.epoch.number());
            assertThat(context.service(JdbcStateStore.class)).isSameAs(engine.store);
            assertThat(context.lastCheckpoint(String.class)).hasValue("where it was");
            assertThat(context).hasToString("the attempt");
            context.progress("half of it");
            context.checkCancelled();
            assertThat(context.isCancelled()).isFalse();
            engine.cancelled = true;
            assertThat(context.isCancelled()).isTrue();
            assertThatThrownBy(context::checkCancelled).isInstanceOf(MigrationCancelledException.class);
            engine.cancelled = false;
            engine.told = false;
        });
        assertThat(engine.heard).contains("half of it");
    }

    @Test
    void whereOthersWereInTheWayItIsDoneOnceMore() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        run(failing(runs, deadlock(), new StateStoreException("could not write", deadlock())));
        assertThat(runs).hasValue(3);
        assertThat(added()).isEqualTo(1);
    }

    @Test
    void anyOtherErrorIsFinal() throws Exception {
        List<Exception> errors = List.of(
                new SQLException("no such column"),
                new StateStoreException("could not write", new SQLException("no such column")),
                new StateStoreException("it was overtaken"));
        for (Exception error : errors) {
            AtomicInteger runs = new AtomicInteger();
            assertThatThrownBy(() -> run(failing(runs, error))).isSameAs(error);
            assertThat(runs).hasValue(1);
        }
        assertThat(added()).isZero();
        assertThat(engine.heard).doesNotContain("committed");
    }

    @Test
    void whereOthersAreAlwaysInTheWayItFailsAfterAFewTries() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        assertThatThrownBy(() -> run(failing(
                        runs, deadlock(), deadlock(), deadlock(), deadlock(), deadlock(), deadlock(), deadlock())))
                .isInstanceOf(SQLException.class)
                .hasMessage("deadlock");
        assertThat(runs).hasValue(5);
        assertThat(added()).isZero();
    }

    @Test
    void whoIsCancelledIsNotTriedAgain() {
        AtomicInteger runs = new AtomicInteger();
        assertThatThrownBy(() -> run((context, connection) -> {
                    runs.incrementAndGet();
                    engine.cancelled = true;
                    throw deadlock();
                }))
                .isInstanceOf(MigrationCancelledException.class);
        assertThat(runs).hasValue(1);
    }

    @Test
    void whoReturnsAfterHavingSeenThatItIsCancelledCommitsNothing() throws Exception {
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    engine.cancelled = true;
                    assertThat(context.isCancelled()).isTrue();
                }))
                .isInstanceOf(MigrationCancelledException.class);
        assertThat(added()).isZero();
        assertThat(Stores.state(engine.store, KB).version()).isEqualTo(3);
    }

    @Test
    void whoCatchesTheCancellationOfACheckpointCommitsNothing() throws Exception {
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    engine.cancelled = true;
                    assertThatThrownBy(() -> context.saveCheckpoint("here"))
                            .isInstanceOf(MigrationCancelledException.class);
                }))
                .isInstanceOf(MigrationCancelledException.class);
        assertThat(added()).isZero();
    }

    @Test
    void whoIsCancelledWithoutNoticingCommits() throws Exception {
        run((context, connection) -> {
            add(connection);
            engine.cancelled = true;
        });
        assertThat(added()).isEqualTo(1);
        assertThat(Stores.state(engine.store, KB).version()).isEqualTo(4);
        assertThat(engine.heard).endsWith("committed");
    }

    /** Saves a checkpoint that cannot be committed the first time, and goes on as if nothing had happened. */
    private TransactionalExecution.Part carefree(AtomicInteger runs) {
        return (context, connection) -> {
            runs.incrementAndGet();
            add(connection);
            try {
                context.saveCheckpoint("here");
            } catch (StateStoreException e) {
                engine.heard.add("caught");
            }
            add(connection);
        };
    }

    private void failTheFirstCommit(SQLException error) throws SQLException {
        AtomicInteger commits = new AtomicInteger();
        DataSource hooked = HookedDataSource.over(dataSource, new HookedDataSource.Hook() {
            @Override
            public void before(String step) throws SQLException {
                if (step.equals("commit") && commits.incrementAndGet() == 1) {
                    throw error;
                }
            }
        });
        JdbcStateStore store = JdbcStateStore.create(JdbcSettings.of(hooked));
        engine = new Engine(store, engine);
        store.find(Set.of(KB));
        commits.set(0);
    }

    @Test
    void aPartThatCatchesTheFailureOfACheckpointIsNotDone() throws Exception {
        failTheFirstCommit(new SQLException("disk full", "53100"));
        AtomicInteger runs = new AtomicInteger();
        assertThatThrownBy(() -> run(carefree(runs)))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("commit a checkpoint");
        assertThat(engine.heard).contains("caught");
        assertThat(runs).hasValue(1);
        assertThat(added()).isZero();
        assertThat(Stores.state(engine.store, KB).version()).isEqualTo(3);
    }

    @Test
    void aPartThatCatchesTheConflictOfACheckpointIsRunAgainAsAWhole() throws Exception {
        failTheFirstCommit(deadlock());
        AtomicInteger runs = new AtomicInteger();
        run(carefree(runs));
        assertThat(runs).hasValue(2);
        assertThat(added()).isEqualTo(2);
    }

    @Test
    void whoIsCancelledSavesNoCheckpoint() throws Exception {
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    engine.cancelled = true;
                    assertThatThrownBy(() -> context.saveCheckpoint("here"))
                            .isInstanceOf(MigrationCancelledException.class);
                    engine.cancelled = false;
                    throw new IllegalStateException("enough");
                }))
                .hasMessage("enough");
        assertThat(added()).isZero();
        assertThat(engine.heard).doesNotContain("saved \"here\"");
    }

    @Test
    void whoIsCancelledWhileItSavesIsToldRightAfter() throws Exception {
        engine.cancelledOnceSaved = true;
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    assertThatThrownBy(() -> context.saveCheckpoint("here"))
                            .isInstanceOf(MigrationCancelledException.class);
                    throw new IllegalStateException("enough");
                }))
                .hasMessage("enough");
        assertThat(added()).as("with the checkpoint").isEqualTo(1);
    }

    @Test
    void theConnectionIsGivenBackAsItWas() throws Exception {
        try (Connection raw = dataSource.getConnection().unwrap(Connection.class)) {
            engine = new Engine(JdbcStateStore.create(Stores.always(raw)), engine);
            run((context, connection) -> add(connection));
            assertThat(raw.getAutoCommit()).isTrue();
        }
    }

    @Test
    void aCheckpointIsCommittedAndTheEngineIsTold() throws Exception {
        run((context, connection) -> {
            add(connection);
            context.saveCheckpoint("here");
            assertThat(added()).isEqualTo(1);
            add(connection);
        });
        assertThat(engine.heard)
                .containsExactly("asked for the record", "saved \"here\"", "asked for the record", "committed");
        assertThat(added()).isEqualTo(2);
    }

    @Test
    void aKbThatIsEnrolledAgainMeanwhileGetsNothing() throws Exception {
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    engine.store.remove(Set.of(KB));
                    engine.store.enroll(Set.of(KB), 3);
                }))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("overtaken");
        assertThat(Stores.state(engine.store, KB).version()).isEqualTo(3);
        assertThat(added()).as("rolled back").isZero();
        assertThatThrownBy(() -> run((context, connection) -> {
                    add(connection);
                    context.saveCheckpoint("here");
                }))
                .hasMessageContaining("overtaken");
        assertThat(Stores.state(engine.store, KB).record()).isNull();
    }

    @Test
    void theRecordOfAGlobalPartIsCommittedWithIt() throws Exception {
        try (HikariDataSource another = TestDatabase.H2.newDataSource()) {
            Engine global = new Engine(another, false);
            TransactionalExecution.run(global, (context, connection) -> {
                add(connection);
                context.saveCheckpoint("here");
                assertThat(global.store.document("record").orElseThrow().json()).isEqualTo("\"here\"");
                add(connection);
            });
            assertThat(global.store.document("record").orElseThrow().json()).isEqualTo("done");
            assertThatThrownBy(() -> TransactionalExecution.run(global, (context, connection) -> {
                        add(connection);
                        long revision =
                                global.store.document("record").orElseThrow().revision();
                        global.store.compareAndSet("record", revision, "of another", null);
                    }))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("overtaken");
            assertThat(Sql.number(another, "SELECT n FROM host")).isEqualTo(2);
        }
    }

    @Test
    void aSavepointIsTheMigrationsOwn() throws Exception {
        run((context, connection) -> {
            add(connection);
            var savepoint = connection.setSavepoint();
            add(connection);
            connection.rollback(savepoint);
            assertThatThrownBy(connection::rollback).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(connection::commit).isInstanceOf(UnsupportedOperationException.class);
        });
        assertThat(added()).isEqualTo(1);
    }

    @Test
    void aMigrationThatRunsUnderSomethingElseIsRefused() {
        TransactionalKbMigration migration = new TransactionalKbMigration() {
            @Override
            public void migrateKb(MigrationContext context, String kbId, Connection connection) {}

            @Override
            public long version() {
                return 4;
            }
        };
        MigrationContext foreign = new JdbcMigrationContext(engine, checkpoint -> {});
        assertThatThrownBy(() -> migration.migrateKb(foreign, KB)).hasMessageContaining("the library's own engine");
        assertThatCode(() -> migration.migrateKb(engine, KB)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aPoolWithoutAutoCommitIsFineHereToo(TestDatabase database) throws Exception {
        try (HikariDataSource pool = database.newDataSource()) {
            Engine plain = new Engine(pool, true);
            DataSource without = (DataSource) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                        Connection connection = pool.getConnection();
                        connection.setAutoCommit(false);
                        return connection;
                    });
            Engine here = new Engine(JdbcStateStore.create(without), plain);
            TransactionalExecution.run(here, (context, connection) -> add(connection));
            assertThat(Sql.number(pool, "SELECT n FROM host")).isEqualTo(1);
            assertThat(Stores.state(plain.store, KB).version()).isEqualTo(4);
        }
    }

    /** From the library's first own statement on, a client that stops must not hold locks for long. */
    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB"})
    void itsEndIsLimitedAndTheConnectionIsGivenBackAsItWas(TestDatabase database) throws Exception {
        String setting = database == TestDatabase.POSTGRESQL
                ? "SHOW idle_in_transaction_session_timeout"
                : "SELECT @@SESSION.idle_transaction_timeout";
        try (HikariDataSource pool = database.newDataSource(config -> config.setMaximumPoolSize(1))) {
            Engine plain = new Engine(pool, true);
            String before = Sql.text(pool, setting);
            List<String> during = new ArrayList<>();
            Connection[] current = new Connection[1];
            DataSource hooked = HookedDataSource.over(pool, new HookedDataSource.Hook() {
                @Override
                public void before(String step) throws SQLException {
                    if (step.equalsIgnoreCase("commit")) {
                        during.add(Sql.text(current[0], setting));
                    }
                }
            });
            JdbcStateStore over =
                    JdbcStateStore.create(JdbcSettings.of(hooked).withTransactionTimeout(Duration.ofSeconds(7)));
            // Detecting the database takes a connection
            Stores.look(over);
            TransactionalExecution.run(new Engine(over, plain), (context, connection) -> {
                current[0] = connection;
                add(connection);
                assertThat(Sql.text(connection, setting))
                        .as("the migration's own part")
                        .isEqualTo(before);
            });
            assertThat(during).hasSize(1).first().asString().startsWith("7");
            assertThat(Sql.text(pool, setting)).isEqualTo(before);
        }
    }
}
