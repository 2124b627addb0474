package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.PgBouncer;
import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Poolers between the library and PostgreSQL. */
@Timeout(120)
class PoolerIT {

    private static final String SENTENCE =
            "A pooler between this process and the database mixes up prepared statements";

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    @org.junit.jupiter.api.Test
    void aRunThroughPgBouncerInTransactionModeSucceedsWithoutAWarning() throws Exception {
        String name = "pooled";
        PostgresServer.shared().newDatabase(name);
        List<String> kbs = IntStream.range(0, 1_000).mapToObj(i -> "kb-" + i).toList();
        AtomicInteger ran = new AtomicInteger();
        try (PgBouncer bouncer = PgBouncer.startOrSkip(PostgresServer.shared().port(), name);
                HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl("jdbc:postgresql://127.0.0.1:" + bouncer.port() + "/alias?prepareThreshold=0");
            pool.setUsername("postgres");
            try (Migrator migrator = Migrator.builder()
                    .migrations(Migrations.of(
                            KbMigration.of(1, "one", (context, kb) -> ran.incrementAndGet()),
                            KbMigration.of(2, "two", (context, kb) -> ran.incrementAndGet())))
                    .storage(JdbcStorage.create(pool))
                    .knowledgeBoxes(kbs::stream)
                    .build()) {
                assertThat(migrator.run().kbMigrations()).isEqualTo(2_000);
            }
        }
        assertThat(ran).hasValue(2_000);
        assertThat(log.messages(Level.WARN)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "26000,prepared statement \"S_1\" does not exist",
        "42P05,prepared statement \"S_1\" already exists",
        "08P01,bind message supplies 8 parameters; prepared statement \"S_95\" requires 2"
    })
    void statementsThatAPoolerMixesUpAreExplainedOnce(String state, String message) {
        try (HikariDataSource real = TestDatabase.POSTGRESQL.newDataSource()) {
            Stores.look(JdbcStateStore.create(real));
            JdbcStateStore store = JdbcStateStore.create(failing(real, new SQLException(message, state)));
            for (int i = 0; i < 3; i++) {
                org.assertj.core.api.Assertions.assertThatThrownBy(() -> store.count(1))
                        .hasMessageContaining(message);
            }
            assertThat(log.messages(Level.WARN))
                    .filteredOn(line -> line.startsWith(SENTENCE))
                    .hasSize(1)
                    .allMatch(line -> line.contains("prepareThreshold=0") && line.contains(message));
        }
    }

    @org.junit.jupiter.api.Test
    void otherErrorsOfTheProtocolAreNotPutDownToAPooler() {
        try (HikariDataSource real = TestDatabase.POSTGRESQL.newDataSource()) {
            Stores.look(JdbcStateStore.create(real));
            JdbcStateStore store =
                    JdbcStateStore.create(failing(real, new SQLException("protocol violation", "08P01")));
            org.assertj.core.api.Assertions.assertThatThrownBy(() -> store.count(1))
                    .hasMessageContaining("protocol");
            assertThat(log.messages(Level.WARN)).noneMatch(line -> line.startsWith(SENTENCE));
        }
    }

    private static DataSource failing(DataSource real, SQLException error) {
        return HookedDataSource.over(real, new HookedDataSource.Hook() {
            @Override
            public void before(String step) throws SQLException {
                if (step.startsWith("SELECT COUNT(*)")) {
                    throw error;
                }
            }
        });
    }
}
