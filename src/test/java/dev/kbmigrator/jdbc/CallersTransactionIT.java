package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.sql.DataSource;
import net.ttddyy.dsproxy.support.ProxyDataSourceBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/** The library ends no transaction that it did not begin. */
@Timeout(120)
class CallersTransactionIT {

    private static final List<Consumer<Migrator>> CALLS =
            List.of(migrator -> migrator.forgetKb("a"), migrator -> migrator.registerKb("b"), Migrator::status);

    private static Migrator migrator(DataSource dataSource) {
        return Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", (context, kb) -> {})))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(() -> Stream.of("a"))
                .build();
    }

    private static void createBox(DataSource pool) throws SQLException {
        Sql.execute(pool, "CREATE TABLE box (id VARCHAR(20) PRIMARY KEY)", "INSERT INTO box VALUES ('a')");
    }

    /** In a transaction of Spring's, each call is refused, and the transaction can be rolled back as a whole. */
    private static void assertRefused(DataSource managed, DataSource given) throws SQLException {
        createBox(managed);
        TransactionTemplate transaction = new TransactionTemplate(new DataSourceTransactionManager(managed));
        JdbcTemplate jdbc = new JdbcTemplate(managed);
        try (Migrator migrator = migrator(given)) {
            migrator.run();
            for (Consumer<Migrator> call : CALLS) {
                transaction.executeWithoutResult(status -> {
                    jdbc.update("DELETE FROM box");
                    assertThatThrownBy(() -> call.accept(migrator))
                            .isInstanceOf(StateStoreException.class)
                            .hasMessageContaining("pass the underlying data source");
                    status.setRollbackOnly();
                });
                assertThat(jdbc.queryForObject("SELECT COUNT(*) FROM box", Long.class))
                        .isEqualTo(1);
            }
            transaction.executeWithoutResult(status -> assertThatThrownBy(() -> migrator.registerKb("c"))
                    .as("before the host has changed anything")
                    .hasMessageContaining("pass the underlying data source"));
            migrator.registerKb("b");
        }
        assertThat(JdbcStateStore.create(managed).find(Set.of("a", "b", "c"))).containsOnlyKeys("a", "b");
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aDataSourceThatHandsOutTheCallersTransactionIsRefused(TestDatabase database) throws SQLException {
        try (HikariDataSource pool = database.newDataSource()) {
            assertRefused(pool, new TransactionAwareDataSourceProxy(pool));
        }
    }

    @Test
    void soItIsOverAPoolWithoutAutoCommit() throws SQLException {
        try (HikariDataSource pool = TestDatabase.POSTGRESQL.newDataSource(config -> config.setAutoCommit(false))) {
            Sql.execute(pool, "SELECT 1");
            try (Connection connection = pool.getConnection()) {
                Sql.execute(connection, "CREATE TABLE box (id VARCHAR(20))", "INSERT INTO box VALUES ('a')");
                connection.commit();
            }
            DataSource aware = new TransactionAwareDataSourceProxy(pool);
            TransactionTemplate transaction = new TransactionTemplate(new DataSourceTransactionManager(pool));
            try (Migrator migrator = migrator(aware)) {
                assertThat(migrator.run().kbMigrations()).isEqualTo(1);
                transaction.executeWithoutResult(status -> assertThatThrownBy(() -> migrator.registerKb("b"))
                        .hasMessageContaining("pass the underlying data source"));
                migrator.registerKb("b");
            }
        }
    }

    @Test
    void soItIsBehindAnotherWrapper() throws SQLException {
        try (HikariDataSource pool = TestDatabase.H2.newDataSource()) {
            DataSource wrapped = ProxyDataSourceBuilder.create(new TransactionAwareDataSourceProxy(pool))
                    .build();
            assertRefused(pool, wrapped);
        }
    }

    @Test
    void aLazyProxyUnderTheTransactionManagerHandsOutConnectionsOfItsOwn() throws SQLException {
        try (HikariDataSource pool = TestDatabase.H2.newDataSource()) {
            createBox(pool);
            LazyConnectionDataSourceProxy lazy = new LazyConnectionDataSourceProxy(pool);
            TransactionTemplate transaction = new TransactionTemplate(new DataSourceTransactionManager(lazy));
            try (Migrator migrator = migrator(lazy)) {
                migrator.run();
                transaction.executeWithoutResult(status -> {
                    new JdbcTemplate(lazy).update("DELETE FROM box");
                    migrator.registerKb("b");
                    status.setRollbackOnly();
                });
            }
            assertThat(Sql.number(pool, "SELECT COUNT(*) FROM box")).isEqualTo(1);
            assertThat(JdbcStateStore.create(pool).find(Set.of("b"))).hasSize(1);
            assertRefusedLazily(pool, lazy);
        }
    }

    private static void assertRefusedLazily(DataSource pool, DataSource lazy) throws SQLException {
        Sql.execute(pool, "DROP TABLE box");
        Sql.execute(
                pool,
                JdbcSettings.TABLES.stream()
                        .map(table -> "DROP TABLE kb_migrator_" + table)
                        .toArray(String[]::new));
        assertRefused(lazy, new TransactionAwareDataSourceProxy(lazy));
    }

    /** Without Spring: whoever hands out a connection in the middle of a transaction. */
    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aConnectionInTheMiddleOfATransactionIsRefused(TestDatabase database) throws SQLException {
        assumeThat(database).as("SQLite does not say").isNotEqualTo(TestDatabase.SQLITE);
        try (HikariDataSource pool = database.newDataSource()) {
            createBox(pool);
            Stores.look(JdbcStateStore.create(pool));
            try (Connection host = pool.getConnection()) {
                host.setAutoCommit(false);
                Sql.execute(host, "DELETE FROM box");
                JdbcStateStore store = JdbcStateStore.create(always(host));
                assertThatThrownBy(() -> store.enroll(Set.of("b"), 1)).hasMessageContaining("underlying data source");
                assertThatThrownBy(() -> JdbcLock.create(always(host)).tryAcquire("x", java.time.Duration.ofSeconds(1)))
                        .hasMessageContaining("underlying data source");
                host.rollback();
            }
            assertThat(Sql.number(pool, "SELECT COUNT(*) FROM box")).isEqualTo(1);
        }
    }

    /** As with JTA: the connection is open, and forbids to change auto-commit. */
    @Test
    void aConnectionWhoseTransactionIsControlledElsewhereIsRefused() throws SQLException {
        try (HikariDataSource pool = TestDatabase.H2.newDataSource();
                Connection host = pool.getConnection()) {
            host.setAutoCommit(false);
            Connection enlisted = (Connection) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                        if (method.getName().equals("setAutoCommit")
                                || method.getName().equals("commit")) {
                            throw new SQLException("taking part in a transaction of JTA");
                        }
                        return method.getName().equals("close") ? null : method.invoke(host, arguments);
                    });
            JdbcStateStore store = JdbcStateStore.create(always(enlisted));
            assertThatThrownBy(() -> Stores.look(store))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("pass the underlying data source")
                    .hasMessageContaining("JTA");
        }
    }

    private static DataSource always(Connection connection) {
        return Stores.always(connection);
    }
}
