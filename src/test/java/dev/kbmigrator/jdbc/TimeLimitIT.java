package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Work that takes longer than the database allows is done in smaller pieces. */
@Timeout(120)
class TimeLimitIT {

    private static final List<String> MANY =
            IntStream.range(0, 10_000).mapToObj(i -> "kb-" + i).toList();

    @Test
    void tenThousandKbsAreEnrolledUnderAStatementTimeout() throws SQLException {
        try (HikariDataSource pool = TestDatabase.POSTGRESQL.newDataSource()) {
            JdbcStateStore owner = JdbcStateStore.create(pool);
            Stores.look(owner);
            // Slow enough to exceed the limit on any machine: 10,000 rows take more than 100 ms
            Sql.execute(
                    pool,
                    "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                            + " PERFORM pg_sleep(0.00001); RETURN NEW; END $$",
                    "CREATE TRIGGER slow BEFORE INSERT ON kb_migrator_kb FOR EACH ROW EXECUTE FUNCTION slow()",
                    "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET statement_timeout = 100'; END $$");
            pool.getHikariPoolMXBean().softEvictConnections();
            JdbcStateStore store = JdbcStateStore.create(pool);
            assertThat(store.enroll(MANY, 1)).hasSize(MANY.size());
            assertThat(store.enroll(MANY, 1)).isEmpty();
            assertThat(store.count(2)).isEqualTo(MANY.size());
        }
    }

    /** @param calls how many statements of this kind take too long before one succeeds */
    private static DataSource failing(DataSource real, SQLException limit, AtomicInteger calls) {
        return HookedDataSource.over(real, new HookedDataSource.Hook() {
            @Override
            public void before(String step) throws SQLException {
                boolean changes = step.startsWith("DELETE FROM") || step.contains("INSERT") || step.contains("MERGE");
                if (changes && step.contains("kb_migrator_kb") && calls.getAndDecrement() > 0) {
                    throw limit;
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({"POSTGRESQL,57014,0", "MARIADB,70100,1969", "MARIADB,HY000,3024", "H2,57014,57014"})
    void eachDatabasesTimeLimitIsKnown(TestDatabase database, String state, int code) {
        try (HikariDataSource pool = database.newDataSource()) {
            Stores.look(JdbcStateStore.create(pool));
            SQLException limit = new SQLException("it takes too long", state, code);
            JdbcStateStore store = JdbcStateStore.create(failing(pool, limit, new AtomicInteger(3)));
            List<String> ids = MANY.subList(0, 100);
            assertThat(store.enroll(ids, 1)).containsExactlyInAnyOrderElementsOf(ids);
            JdbcStateStore again = JdbcStateStore.create(failing(pool, limit, new AtomicInteger(3)));
            again.remove(ids);
            assertThat(store.find(ids)).isEmpty();
        }
    }

    @Test
    void aSingleKbThatTakesTooLongIsAnError() {
        try (HikariDataSource pool = TestDatabase.H2.newDataSource()) {
            Stores.look(JdbcStateStore.create(pool));
            AtomicInteger always = new AtomicInteger(Integer.MAX_VALUE);
            SQLException limit = new SQLException("it takes too long", "57014", 57014);
            JdbcStateStore store = JdbcStateStore.create(failing(pool, limit, always));
            assertThatThrownBy(() -> store.enroll(MANY.subList(0, 4), 1))
                    .isInstanceOf(StateStoreException.class)
                    .hasMessageContaining("takes too long");
            assertThat(Integer.MAX_VALUE - always.get()).as("4, 2, 1").isEqualTo(3);
        }
    }

    @Test
    void anyOtherErrorIsNotSplit() {
        try (HikariDataSource pool = TestDatabase.H2.newDataSource()) {
            Stores.look(JdbcStateStore.create(pool));
            AtomicInteger once = new AtomicInteger(1);
            List<String> ids = new ArrayList<>(Set.of("a", "b"));
            JdbcStateStore store = JdbcStateStore.create(failing(pool, new SQLException("disk full", "53100"), once));
            assertThatThrownBy(() -> store.enroll(ids, 1)).hasMessageContaining("disk full");
        }
    }
}
