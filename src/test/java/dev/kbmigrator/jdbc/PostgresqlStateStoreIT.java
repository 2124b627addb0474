package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.Writes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init") // JUnit sets it before the class
class PostgresqlStateStoreIT extends JdbcStateStoreContract {

    private static PostgresServer server;

    @BeforeAll
    static void open() {
        server = PostgresServer.restartable();
        open(pool(server.newDatabase("kb"), "postgres"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    HikariDataSource restarted(HikariDataSource pool) {
        server.crash();
        server.startAgain();
        return pool(pool.getJdbcUrl(), "postgres");
    }

    /** The KBs that advance and those that fail take one statement each. */
    @Test
    void ofABatchOfBothKindsNothingIsWrittenWhenOneOfTheStatementsFails() throws Exception {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource()) {
            StateStore store = JdbcStateStore.create(JdbcSettings.of(dataSource));
            List<String> kbs = Stores.inPartition(1, 2);
            store.enroll(kbs, 0);
            Epoch epoch = Stores.epoch(store, 1);
            Sql.execute(
                    dataSource,
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no KB moves''; END'",
                    "CREATE TRIGGER refuse BEFORE UPDATE ON kb_migrator_kb FOR EACH ROW EXECUTE FUNCTION refuse()");
            List<KbWrite> both = List.of(
                    Writes.failed(store, kbs.get(0), 0, 1, 1, "failed", Duration.ZERO),
                    Writes.advanced(store, kbs.get(1), 0, 1));
            assertThatThrownBy(() -> store.write(Set.of(epoch), both))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("no KB moves");
            assertThat(store.find(kbs).values()).extracting(KbState::record).containsOnlyNulls();
        }
    }
}
