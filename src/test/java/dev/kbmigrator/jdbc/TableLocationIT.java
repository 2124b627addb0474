package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.Storage;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables are where a new session would have them, whatever a borrowed connection is set to. */
@Timeout(120)
class TableLocationIT {

    private static final List<String> KBS =
            IntStream.range(0, 50).mapToObj(i -> "kb-" + i).toList();
    private static final int POOL = 4;

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    private static HikariDataSource pool(TestDatabase database) {
        return database.newDataSource(config -> {
            config.setMaximumPoolSize(POOL);
            config.setMinimumIdle(POOL);
        });
    }

    private static long run(Storage storage) {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", (context, kb) -> {})))
                .storage(storage)
                .knowledgeBoxes(KBS::stream)
                .build()) {
            return migrator.run().kbMigrations();
        }
    }

    /** Leaves every connection of a pool in another schema, as a host does that forgets to switch back. */
    private static String leak(HikariDataSource pool, TestDatabase database) throws SQLException {
        String other = "tenant_" + pool.getPoolName().replace('-', '_');
        Sql.execute(pool, "CREATE SCHEMA " + other);
        String use = switch (database) {
            case POSTGRESQL -> "SET search_path TO " + other;
            case MARIADB -> "USE " + other;
            default -> "SET SCHEMA " + other;
        };
        List<Connection> lent = new ArrayList<>();
        for (int i = 0; i < POOL; i++) {
            lent.add(pool.getConnection());
        }
        for (Connection connection : lent) {
            Sql.execute(connection, use);
            connection.close();
        }
        return other;
    }

    /** SQLite has no schemas to switch to. */
    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void aSchemaThatAConnectionWasLeftInDoesNotMatter(TestDatabase database) throws SQLException {
        try (HikariDataSource pool = pool(database)) {
            Storage storage = JdbcStorage.create(pool);
            assertThat(run(storage)).isEqualTo(50);
            leak(pool, database);
            assertThat(run(storage)).as("with the same objects").isZero();
            assertThat(run(JdbcStorage.create(pool))).as("as after a restart").isZero();
            JdbcStateStore later = JdbcStateStore.create(pool);
            try (Connection host = pool.getConnection()) {
                host.setAutoCommit(false);
                assertThat(later.enroll(host, "of-a-host", 1)).isTrue();
                host.commit();
            }
            assertThat(later.find(Set.of("of-a-host"))).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void beforeThereAreTablesAConnectionInAnotherSchemaIsRefusedWithBothNames(TestDatabase database)
            throws SQLException {
        try (HikariDataSource pool = pool(database)) {
            String other = leak(pool, database);
            JdbcStateStore store = JdbcStateStore.create(pool);
            assertThatThrownBy(() -> Stores.look(store))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageMatching("(?is).*\"" + other + "\".*would use \"\\w+\".*withSchema.*");
            JdbcSettings named = JdbcSettings.of(pool).withSchema(other);
            Stores.look(JdbcStateStore.create(named));
            assertThatThrownBy(() -> Stores.look(store)).hasMessageMatching("(?is).*\"" + other + "\" does.*");
        }
    }

    /** The second name is a sibling of the first: a schema that exists twice with other letters. */
    @ParameterizedTest
    @EnumSource(value = TestDatabase.class, mode = Mode.EXCLUDE, names = "SQLITE")
    void aSchemaIsTakenToTheLetter(TestDatabase database) throws SQLException {
        String quote = database == TestDatabase.MARIADB ? "`" : "\"";
        for (String name : List.of("user", "MySchema", "SELECT")) {
            try (HikariDataSource pool = pool(database)) {
                // On a server, schemas are databases that other tests may have created
                Sql.execute(pool, "CREATE SCHEMA IF NOT EXISTS " + quote + name + quote);
                JdbcSettings settings = JdbcSettings.of(pool)
                        .withSchema(name)
                        .withTablePrefix(pool.getPoolName().replace('-', '_') + "_");
                JdbcStateStore store = JdbcStateStore.create(settings);
                assertThat(store.enroll(Set.of("kb"), 1)).containsExactly("kb");
                assertThat(Sql.number(
                                pool,
                                "SELECT COUNT(*) FROM " + quote + name + quote + "." + settings.tablePrefix() + "kb"))
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void aSchemaThatOnlyExistsWithOtherLettersIsRefused() throws SQLException {
        try (HikariDataSource pool = pool(TestDatabase.POSTGRESQL)) {
            Sql.execute(pool, "CREATE SCHEMA MySchema");
            JdbcStateStore store = JdbcStateStore.create(JdbcSettings.of(pool).withSchema("MySchema"));
            assertThatThrownBy(() -> Stores.look(store))
                    .hasMessageContaining("\"MySchema\" does not exist")
                    .hasMessageContaining("\"myschema\"");
        }
        try (HikariDataSource pool = pool(TestDatabase.H2)) {
            Sql.execute(pool, "CREATE SCHEMA MySchema");
            JdbcStateStore store = JdbcStateStore.create(JdbcSettings.of(pool).withSchema("MySchema"));
            assertThatThrownBy(() -> Stores.look(store)).hasMessageContaining("\"MYSCHEMA\"");
            JdbcStateStore lower = JdbcStateStore.create(JdbcSettings.of(pool).withSchema("myschema"));
            assertThat(Stores.look(lower).replicas()).hasSize(1);
        }
    }

    @Test
    void aDefaultThatTheRoleTheDatabaseOrTheUrlSetsIsFollowed() throws SQLException {
        try (HikariDataSource pool = pool(TestDatabase.POSTGRESQL)) {
            Sql.execute(pool, "CREATE SCHEMA \"Of Role\"", "CREATE SCHEMA of_url");
            Sql.execute(
                    pool,
                    "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET search_path = \"Of Role\"'; END $$");
            pool.getHikariPoolMXBean().softEvictConnections();
            Stores.look(JdbcStateStore.create(pool));
            assertThat(Sql.number(pool, "SELECT COUNT(*) FROM \"Of Role\".kb_migrator_kb"))
                    .isZero();
            try (HikariDataSource byUrl = new HikariDataSource()) {
                byUrl.setJdbcUrl(pool.getJdbcUrl() + "?currentSchema=of_url");
                byUrl.setUsername("postgres");
                Stores.look(JdbcStateStore.create(byUrl));
                assertThat(Sql.number(pool, "SELECT COUNT(*) FROM of_url.kb_migrator_kb"))
                        .isZero();
            }
        }
    }

    @Test
    void theSchemaInAnH2UrlIsFollowed() throws SQLException {
        try (HikariDataSource pool = pool(TestDatabase.H2)) {
            Sql.execute(pool, "CREATE SCHEMA app");
            String url = ((org.h2.jdbcx.JdbcDataSource) pool.getDataSource()).getURL() + ";SCHEMA=APP";
            org.h2.jdbcx.JdbcDataSource inApp = new org.h2.jdbcx.JdbcDataSource();
            inApp.setURL(url);
            Stores.look(JdbcStateStore.create(inApp));
            assertThat(Sql.number(pool, "SELECT COUNT(*) FROM app.kb_migrator_kb"))
                    .isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void tablesThatAreGoneAreNotCreatedAgainByAProcessThatHasWorkedWithThem(TestDatabase database) throws SQLException {
        try (HikariDataSource pool = pool(database)) {
            JdbcStateStore store = JdbcStateStore.create(pool);
            store.enroll(Set.of("kb"), 1);
            for (String table : JdbcSettings.TABLES) {
                Sql.execute(pool, "DROP TABLE kb_migrator_" + table);
            }
            assertThatThrownBy(() -> Stores.look(store))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("are gone")
                    .hasMessageContaining("restart");
            assertThatThrownBy(() -> store.find(Set.of("kb"))).hasMessageContaining("are gone");
            Stores.look(JdbcStateStore.create(pool));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anotherDatabaseIsRefusedWithBothNames(boolean ofHost) throws SQLException {
        try (HikariDataSource right = pool(TestDatabase.POSTGRESQL);
                HikariDataSource wrong = pool(TestDatabase.POSTGRESQL)) {
            AtomicReference<DataSource> route = new AtomicReference<>(right);
            JdbcStateStore store = JdbcStateStore.create(Stores.routed(route));
            Stores.look(store);
            Stores.look(JdbcStateStore.create(wrong));
            String names = "(?is).*database \"" + name(wrong) + "\".*database \"" + name(right) + "\".*";
            if (ofHost) {
                try (Connection host = wrong.getConnection()) {
                    assertThatThrownBy(() -> store.enroll(host, "kb", 1)).hasMessageMatching(names);
                }
            } else {
                route.set(wrong);
                assertThatThrownBy(() -> Stores.look(store)).hasMessageMatching(names);
            }
        }
    }

    private static String name(HikariDataSource pool) throws SQLException {
        return Sql.text(pool, "SELECT current_database()");
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void theLogSaysWhereTheTablesWereCreated(TestDatabase database) {
        try (HikariDataSource pool = pool(database)) {
            JdbcStateStore store = JdbcStateStore.create(pool);
            Stores.look(store);
            String schema = store.database().tables().schema();
            assertThat(log.messages(Level.INFO))
                    .filteredOn(message -> message.startsWith("Created the tables"))
                    .hasSize(1)
                    .allMatch(message -> message.contains("kb_migrator_kb") && message.endsWith("schema " + schema));
        }
    }
}
