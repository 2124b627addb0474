package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.Writes;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** How the library's tables are created, and where. */
@Timeout(120)
class TablesIT {

    private static final int STORES = 8;

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void eightReplicasOverAnEmptyDatabaseAllFindTheTablesMade(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            CyclicBarrier together = new CyclicBarrier(STORES);
            List<CompletableFuture<Integer>> looks = new ArrayList<>();
            for (int i = 0; i < STORES; i++) {
                String replica = "replica-" + i;
                looks.add(Stores.async(() -> {
                    JdbcStateStore store = JdbcStateStore.create(dataSource);
                    together.await();
                    return store.look(Stores.heartbeat(replica, false)).floors().size();
                }));
            }
            for (CompletableFuture<Integer> look : looks) {
                assertThat(look.get(40, TimeUnit.SECONDS)).isEqualTo(256);
            }
            assertThat(Stores.look(JdbcStateStore.create(dataSource)).replicas())
                    .hasSize(STORES + 1);
            assertThat(columns(dataSource, "kb_migrator_")).hasSize(30 + 9);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void tablesMadeByHandAreTheSameAndCanBeMadeAgain(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            Stores.look(JdbcStateStore.create(dataSource));
            JdbcStateStore byHand =
                    JdbcStateStore.create(JdbcSettings.of(dataSource).withTablePrefix("hand_"));
            for (int round = 0; round < 2; round++) {
                Sql.execute(dataSource, byHand.ddl().toArray(String[]::new));
                assertThat(columns(dataSource, "hand_")).isEqualTo(columns(dataSource, "kb_migrator_"));
                for (String table : List.of("floor", "epoch", "document")) {
                    assertThat(Sql.text(dataSource, "SELECT COUNT(*) FROM hand_" + table))
                            .isEqualTo(Sql.text(dataSource, "SELECT COUNT(*) FROM kb_migrator_" + table));
                }
            }
            byHand.enroll(Set.of("kb"), 3);
            Sql.execute(dataSource, byHand.ddl().toArray(String[]::new));
            assertThat(Stores.state(byHand, "kb").version()).isEqualTo(3);
        }
    }

    /** Every column with its type, and whether it is part of the key. */
    private static Set<String> columns(HikariDataSource dataSource, String prefix) throws SQLException {
        Set<String> columns = new TreeSet<>();
        try (Connection connection = dataSource.getConnection()) {
            DatabaseMetaData catalogue = connection.getMetaData();
            for (String name : JdbcSettings.TABLES) {
                String table = catalogue.storesUpperCaseIdentifiers()
                        ? (prefix + name).toUpperCase(java.util.Locale.ROOT)
                        : prefix + name;
                try (ResultSet rows = catalogue.getColumns(connection.getCatalog(), null, table, null)) {
                    while (rows.next()) {
                        columns.add(name + "." + rows.getString("COLUMN_NAME") + " " + rows.getString("TYPE_NAME") + " "
                                + rows.getInt("COLUMN_SIZE") + " " + rows.getString("IS_NULLABLE"));
                    }
                }
                try (ResultSet rows = catalogue.getPrimaryKeys(connection.getCatalog(), null, table)) {
                    while (rows.next()) {
                        columns.add(name + " key " + rows.getString("COLUMN_NAME"));
                    }
                }
            }
        }
        return columns;
    }

    @Test
    void aUserWhoMayNotCreateTablesIsToldWhatToDoAndWorksWithThoseMadeByAnother() throws SQLException {
        try (HikariDataSource owner = TestDatabase.POSTGRESQL.newDataSource();
                HikariDataSource app = as(owner, "kb_app")) {
            Sql.execute(owner, "CREATE ROLE kb_app LOGIN");
            JdbcStateStore store = JdbcStateStore.create(app);
            assertThatThrownBy(() -> Stores.look(store))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("kb_migrator_kb")
                    .hasMessageContaining("could not be created")
                    .hasMessageContaining("permission denied")
                    .hasMessageContaining("JdbcStateStore.ddl()");
            Sql.execute(owner, store.ddl().toArray(String[]::new));
            Sql.execute(owner, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO kb_app");
            assertThat(Stores.look(store).replicas()).hasSize(1);
            assertThat(store.enroll(Set.of("kb"), 0)).containsExactly("kb");
        }
    }

    private static HikariDataSource as(HikariDataSource owner, String user) {
        HikariDataSource dataSource = new HikariDataSource();
        dataSource.setJdbcUrl(owner.getJdbcUrl());
        dataSource.setUsername(user);
        return dataSource;
    }

    /** The tables are in a schema further down the search path, after the host's own, which is named after the user. */
    @Test
    void tablesElsewhereInTheSearchPathAreFoundInAHostsTransaction() throws SQLException {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource()) {
            Stores.look(JdbcStateStore.create(dataSource));
            Sql.execute(dataSource, "CREATE SCHEMA postgres");
            try (HikariDataSource later = as(dataSource, "postgres");
                    Connection host = later.getConnection()) {
                assertThat(host.getSchema()).isEqualTo("postgres");
                JdbcStateStore store = JdbcStateStore.create(later);
                host.setAutoCommit(false);
                assertThat(store.enroll(host, "kb", 1)).isTrue();
                host.commit();
                assertThat(Stores.state(store, "kb").version()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void tablesOfANewerBuildAreRefused(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            Stores.look(store);
            Sql.execute(
                    dataSource, "UPDATE kb_migrator_document SET json = '{\"version\":2}' WHERE name = 'now/tables'");
            assertThatThrownBy(() -> Stores.look(store))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("layout version 2")
                    .hasMessageContaining("update the library");
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void twoFleetsWithAPrefixEachDoNotSeeEachOther(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            JdbcSettings settings = JdbcSettings.of(dataSource);
            apart(settings.withTablePrefix("one_"), settings.withTablePrefix("two_"));
        }
    }

    /** SQLite has no schemas except attached files. */
    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void twoFleetsWithASchemaEachDoNotSeeEachOther(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            String other = "fleet_two";
            Sql.execute(dataSource, "CREATE SCHEMA " + other);
            JdbcStateStore two =
                    JdbcStateStore.create(JdbcSettings.of(dataSource).withSchema(other));
            try (Connection host = dataSource.getConnection()) {
                host.setAutoCommit(false);
                // The tables of the other fleet do not count
                Stores.look(JdbcStateStore.create(dataSource));
                assertThatThrownBy(() -> two.enroll(host, "kb", 1)).hasMessageContaining("do not exist yet");
                Stores.look(two);
                assertThat(two.enroll(host, "kb", 1)).isTrue();
                host.rollback();
            }
            apart(JdbcSettings.of(dataSource), JdbcSettings.of(dataSource).withSchema(other));
        }
    }

    private static void apart(JdbcSettings first, JdbcSettings second) {
        JdbcStateStore one = JdbcStateStore.create(first);
        JdbcStateStore two = JdbcStateStore.create(second);
        assertThat(one.enroll(Set.of("kb"), 1)).containsExactly("kb");
        assertThat(two.enroll(Set.of("kb"), 2)).containsExactly("kb");
        assertThat(one.compareAndSet("now/x", 0, "{}", null)).isTrue();
        assertThat(two.document("now/x")).isEmpty();
        one.write(Set.of(Stores.epoch(one, Partitions.of("kb"))), List.of(Writes.advanced(one, "kb", 1, 9)));
        assertThat(Stores.state(one, "kb").version()).isEqualTo(9);
        assertThat(Stores.state(two, "kb").version()).isEqualTo(2);
        assertThat(Stores.look(one).replicas()).hasSize(1);
        assertThat(JdbcLock.create(first).tryAcquire("migrations", Duration.ofMinutes(1)))
                .isPresent();
        assertThat(JdbcLock.create(second).tryAcquire("migrations", Duration.ofMinutes(1)))
                .isPresent();
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aRegistrationBeforeTheTablesAreThereLeavesTheHostsTransactionUsable(TestDatabase database)
            throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            Sql.execute(dataSource, "CREATE TABLE hosts_own (id INTEGER PRIMARY KEY)");
            JdbcStateStore store = JdbcStateStore.create(dataSource);
            try (Connection host = dataSource.getConnection()) {
                host.setAutoCommit(false);
                insert(host, 1);
                assertThatThrownBy(() -> store.enroll(host, "kb", 1))
                        .isInstanceOf(StateStoreException.class)
                        .hasMessageContaining("do not exist yet")
                        .hasMessageContaining("start()");
                insert(host, 2);
                host.commit();
            }
            assertThat(Sql.text(dataSource, "SELECT COUNT(*) FROM hosts_own")).isEqualTo("2");
            Stores.look(store);
            try (Connection host = dataSource.getConnection()) {
                host.setAutoCommit(false);
                insert(host, 3);
                assertThat(store.enroll(host, "undone", 1)).isTrue();
                host.rollback();
                insert(host, 4);
                assertThat(store.enroll(host, "kept", 1)).isTrue();
                assertThat(store.enroll(host, "kept", 2)).isFalse();
                host.commit();
                assertThat(host.getAutoCommit()).isFalse();
            }
            assertThat(store.find(Set.of("undone", "kept"))).containsOnlyKeys("kept");
            assertThat(Sql.text(dataSource, "SELECT MAX(id) FROM hosts_own")).isEqualTo("4");
        }
    }

    private static void insert(Connection host, int id) throws SQLException {
        try (Statement statement = host.createStatement()) {
            statement.execute("INSERT INTO hosts_own (id) VALUES (" + id + ")");
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void halfMadeTablesAreCompleted(TestDatabase database) throws SQLException {
        for (String table : JdbcSettings.TABLES) {
            try (HikariDataSource dataSource = database.newDataSource()) {
                Stores.look(JdbcStateStore.create(dataSource));
                Sql.execute(dataSource, "DROP TABLE kb_migrator_" + table);
                JdbcStateStore store = JdbcStateStore.create(dataSource);
                assertThat(Stores.look(store).floors()).as(table).hasSize(256);
                assertThat(store.enroll(Set.of("kb"), 0)).as(table).containsExactly("kb");
                assertThat(Stores.epoch(store, 1).number()).as(table).isEqualTo(1);
                assertThat(JdbcLock.create(dataSource).tryAcquire("migrations", Duration.ofMinutes(1)))
                        .as(table)
                        .isPresent();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void olderTablesAreBroughtUpToDateByManyReplicasAtOnce(TestDatabase database) throws Exception {
        try (HikariDataSource dataSource = database.newDataSource()) {
            Stores.look(JdbcStateStore.create(dataSource));
            Sql.execute(dataSource, "DROP TABLE kb_migrator_lock");
            Sql.execute(
                    dataSource, "UPDATE kb_migrator_document SET json = '{\"version\":0}' WHERE name = 'now/tables'");
            List<CompletableFuture<Snapshot>> looks = IntStream.range(0, 4)
                    .mapToObj(i -> Stores.async(() -> Stores.look(JdbcStateStore.create(dataSource))))
                    .toList();
            for (CompletableFuture<Snapshot> look : looks) {
                assertThat(look.get(60, TimeUnit.SECONDS).floors()).hasSize(256);
            }
            assertThat(JdbcLock.create(dataSource).tryAcquire("migrations", Duration.ofMinutes(1)))
                    .isPresent();
            try (Connection connection = dataSource.getConnection()) {
                assertThat(Sql.text(connection, "SELECT json FROM kb_migrator_document WHERE name = 'now/tables'"))
                        .isEqualTo("{\"version\":1}");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void anOlderLayoutIsBroughtUpToDateThoughNoTableIsMissing(TestDatabase database) throws SQLException {
        try (HikariDataSource dataSource = database.newDataSource()) {
            Stores.look(JdbcStateStore.create(dataSource));
            Sql.execute(
                    dataSource, "UPDATE kb_migrator_document SET json = '{\"version\":0}' WHERE name = 'now/tables'");
            Stores.look(JdbcStateStore.create(dataSource));
            assertThat(Sql.text(dataSource, "SELECT json FROM kb_migrator_document WHERE name = 'now/tables'"))
                    .isEqualTo("{\"version\":1}");
        }
    }
}
