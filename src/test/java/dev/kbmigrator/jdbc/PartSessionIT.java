package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a transactional part changes about its session reaches neither the library's statements nor the next borrower. */
@Timeout(120)
class PartSessionIT {

    /** What a part sets on its connection. */
    private interface Setters {
        void on(Connection connection) throws SQLException;
    }

    /** What a part does with its connection. */
    private interface Act {
        void on(MigrationContext context, Connection connection) throws Exception;
    }

    private record Part(long version, String name, Act act) implements TransactionalKbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
            act.on(context, connection);
        }
    }

    private static long migrate(DataSource dataSource, Act act) {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(new Part(1, "one", act)))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(() -> Stream.of("kb"))
                .kbConcurrency(1)
                .build()) {
            return migrator.run().kbMigrations();
        }
    }

    /** A single connection, so that the next borrower gets the one that the part had; a part may replace it by breaking it. */
    private static HikariDataSource single(TestDatabase database) {
        return database.newDataSource(config -> {
            config.setMaximumPoolSize(1);
            config.setMinimumIdle(1);
        });
    }

    private static Map<String, String> settings(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            Map<String, String> settings = new TreeMap<>(
                    DialectDetector.detect(connection).sessionSettings().read(connection));
            settings.put("isolation", "" + connection.getTransactionIsolation());
            settings.put("read-only", "" + connection.isReadOnly());
            return settings;
        }
    }

    private static List<String> changed(Map<String, String> before, Map<String, String> after) {
        return Stream.concat(before.keySet().stream(), after.keySet().stream())
                .distinct()
                .filter(name -> !java.util.Objects.equals(before.get(name), after.get(name)))
                .map(name -> name + " " + before.get(name) + " " + after.get(name))
                .toList();
    }

    private static List<String> changes(TestDatabase database) {
        return switch (database) {
            case POSTGRESQL ->
                List.of(
                        "SET search_path TO pg_catalog",
                        "SET TIME ZONE 'Asia/Tehran'",
                        "SET ROLE pg_monitor",
                        "SET statement_timeout = 60000; SET lock_timeout = 1",
                        "SELECT set_config('app.tenant', 'a', false)",
                        "/* why */ SET LOCAL work_mem = '1MB'",
                        "DO $$ BEGIN PERFORM set_config('extra_float_digits', '0', false); END $$");
            case MARIADB ->
                List.of(
                        "USE mysql",
                        "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
                        "SET time_zone = '+03:30'",
                        "SET foreign_key_checks = 0, unique_checks = 0",
                        "SET SESSION tx_isolation = 'SERIALIZABLE'",
                        "-- why\nSET max_statement_time = 77",
                        "SET SESSION group_concat_max_len = 77");
            case H2 ->
                List.of(
                        "SET SCHEMA INFORMATION_SCHEMA",
                        "SET LOCK_TIMEOUT 77",
                        "SET TIME ZONE '3'",
                        "SET @tenant = 'a'");
            case SQLITE ->
                List.of("PRAGMA ignore_check_constraints = 1", "PRAGMA query_only = 1", "PRAGMA busy_timeout = 77");
        };
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void whatAPartSetsIsAsBeforeForTheLibraryAndForTheNextBorrower(TestDatabase database) throws SQLException {
        for (String change : changes(database)) {
            try (HikariDataSource pool = single(database)) {
                Map<String, String> before = settings(pool);
                List<String> own = new ArrayList<>();
                Act act = (context, connection) -> {
                    try (Statement statement = connection.createStatement()) {
                        statement.execute(change);
                    }
                    own.add(change);
                };
                assertThat(migrate(pool, act)).as(change).isEqualTo(1);
                assertThat(own).as("in one attempt").hasSize(1);
                assertThat(changed(before, settings(pool))).as(change).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void soItIsWhenThePartFails(TestDatabase database) throws SQLException {
        for (String change : changes(database)) {
            try (HikariDataSource pool = single(database)) {
                Map<String, String> before = settings(pool);
                Act act = (context, connection) -> {
                    try (Statement statement = connection.createStatement()) {
                        statement.execute(change);
                    }
                    throw new IllegalStateException("after " + change);
                };
                assertThatThrownBy(() -> migrate(pool, act)).hasMessageContaining("after");
                assertThat(changed(before, settings(pool))).as(change).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void whatAPartSetsLastsOverItsCheckpoints(TestDatabase database) throws SQLException {
        String change = changes(database).get(0);
        try (HikariDataSource pool = single(database)) {
            Map<String, String> before = settings(pool);
            Act act = (context, connection) -> {
                Sql.execute(connection, change);
                Map<String, String> own =
                        DialectDetector.detect(connection).sessionSettings().read(connection);
                context.saveCheckpoint(1);
                assertThat(DialectDetector.detect(connection).sessionSettings().read(connection))
                        .isEqualTo(own)
                        .isNotEqualTo(before);
            };
            assertThat(migrate(pool, act)).isEqualTo(1);
            assertThat(settings(pool)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB", "H2"})
    void settersOfJdbcAreUndone(TestDatabase database) throws SQLException {
        try (HikariDataSource real = single(database)) {
            // A pool that resets nothing
            try (Connection raw = real.getConnection()) {
                DataSource always = Stores.always(raw);
                Stores.look(JdbcStateStore.create(always));
                raw.setAutoCommit(true);
                int holdability = raw.getHoldability();
                String schema = raw.getSchema();
                String catalog = raw.getCatalog();
                Setters act = connection -> {
                    connection.setHoldability(java.sql.ResultSet.CLOSE_CURSORS_AT_COMMIT);
                    if (database == TestDatabase.MARIADB) {
                        connection.setCatalog("mysql");
                        connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
                    } else {
                        connection.setSchema(database == TestDatabase.H2 ? "INFORMATION_SCHEMA" : "pg_catalog");
                    }
                };
                int isolation = raw.getTransactionIsolation();
                new PartOnOneConnection(always, act).run();
                assertThat(raw.getHoldability()).isEqualTo(holdability);
                assertThat(raw.getSchema()).isEqualTo(schema);
                assertThat(raw.getCatalog()).isEqualTo(catalog);
                assertThat(raw.getTransactionIsolation()).isEqualTo(isolation);
            }
        }
    }

    /** A part over a guarded connection, without an engine. */
    private record PartOnOneConnection(DataSource dataSource, Setters act) {
        private void run() throws SQLException {
            try (Connection connection = dataSource.getConnection()) {
                Dialect dialect = DialectDetector.detect(connection);
                PartConnection guard = new PartConnection(connection, dialect, "a part");
                dialect.beginForHost(connection);
                act.on(guard.guarded());
                guard.suspend();
                dialect.commit(connection);
                guard.restore();
                if (!connection.getAutoCommit()) {
                    connection.setAutoCommit(true);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "COMMIT",
        "commit and chain",
        "ROLLBACK",
        "/* x */ rollback work",
        "BEGIN",
        "START TRANSACTION",
        "END",
        "SET autocommit=1"
    })
    void aPartCannotEndTheTransactionInSqlEither(String sql) throws SQLException {
        try (HikariDataSource pool = single(TestDatabase.POSTGRESQL)) {
            for (Act act : List.<Act>of(
                    (context, connection) -> Sql.execute(connection, sql),
                    (context, connection) -> connection.prepareStatement(sql).close())) {
                assertThatThrownBy(() -> migrate(pool, act)).hasMessageContaining("must not call " + sql);
            }
        }
    }

    @Test
    void aSavepointInSqlAndAWordInATextAreThePartsOwn() throws SQLException {
        try (HikariDataSource pool = single(TestDatabase.POSTGRESQL)) {
            assertThat(migrate(
                            pool,
                            (context, connection) -> Sql.execute(
                                    connection,
                                    "SAVEPOINT s",
                                    "ROLLBACK TO s",
                                    "ROLLBACK WORK TO SAVEPOINT s",
                                    "SELECT 'x; COMMIT'",
                                    "SELECT 1 AS endless")))
                    .isEqualTo(1);
        }
    }

    @Test
    void aConnectionThatCannotBeRestoredIsNotLentAgain() throws SQLException {
        try (HikariDataSource pool = single(TestDatabase.H2)) {
            Sql.execute(pool, "CREATE SCHEMA app");
            assertThat(migrate(
                            pool,
                            (context, connection) -> Sql.execute(connection, "SET SCHEMA_SEARCH_PATH app, public")))
                    .isZero();
            assertThat(
                            Sql.number(
                                    pool,
                                    "SELECT COUNT(*) FROM information_schema.session_state WHERE state_key = 'SCHEMA_SEARCH_PATH'"))
                    .isZero();
        } catch (dev.kbmigrator.MigrationFailedException e) {
            assertThat(e).hasMessageContaining("search path");
        }
    }

    /** Rows that contain the word SET cost no round trip more. */
    @Test
    void anOrdinaryPartReadsNoSettings() throws SQLException {
        try (HikariDataSource pool = single(TestDatabase.H2)) {
            Sql.execute(pool, "CREATE TABLE box (n INTEGER)");
            List<String> texts = new ArrayList<>();
            DataSource watched = dev.kbmigrator.support.HookedDataSource.over(
                    pool, new dev.kbmigrator.support.HookedDataSource.Hook() {
                        @Override
                        public void before(String step) {
                            texts.add(step);
                        }
                    });
            migrate(watched, (context, connection) -> Sql.execute(connection, "UPDATE box SET n = 1", "SELECT 'set'"));
            assertThat(texts).noneMatch(text -> text.contains("session_state"));
            migrate(watched, (context, connection) -> {});
        }
    }
}
