package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The server keeps the plan that it made for a statement. A plan that was made when there were no records reads all records
 * later, for each page and each batch.
 */
class PostgresqlPlansIT {

    private static final int PARTITION = 7;

    /** After ten executions the driver and the server have settled on a plan. */
    private static final int UNTIL_SETTLED = 12;

    @ParameterizedTest
    @CsvSource({"0, 1000", "256, 50000"})
    void aPlanIsNotKeptForMoreRecordsThanItSuits(int whenPlanned, int later) throws Exception {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource(pool -> pool.setMaximumPoolSize(1))) {
            StateStore store = JdbcStateStore.create(JdbcSettings.of(dataSource));
            store.enroll(Stores.inPartition(PARTITION, 50), 0);
            Epoch epoch = Stores.epoch(store, PARTITION);
            record(dataSource, 0, whenPlanned);
            Sql.execute(dataSource, "VACUUM ANALYZE");
            Stores.look(store);
            for (long version = 0; version < UNTIL_SETTLED; version++) {
                advance(store, epoch, version);
            }
            record(dataSource, whenPlanned, later);
            Stores.look(store);
            long before = read(dataSource);
            for (long version = UNTIL_SETTLED; version < 2 * UNTIL_SETTLED; version++) {
                advance(store, epoch, version);
            }
            assertThat(read(dataSource) - before)
                    .as("records that were read one after the other")
                    .isZero();
        }
    }

    /** Planning a batch takes half a millisecond, a fifth of the time for writing a thousand KBs. */
    @Test
    void aBatchIsNotPlannedAgainAndAgain() throws Exception {
        try (HikariDataSource dataSource = TestDatabase.POSTGRESQL.newDataSource(pool -> pool.setMaximumPoolSize(1))) {
            StateStore store = JdbcStateStore.create(JdbcSettings.of(dataSource));
            store.enroll(Stores.inPartition(PARTITION, 50), 0);
            Epoch epoch = Stores.epoch(store, PARTITION);
            Sql.execute(
                    dataSource,
                    "INSERT INTO kb_migrator_kb SELECT i % 256, 'other-' || i, i, 100 FROM generate_series(1, 50000) AS i",
                    "VACUUM ANALYZE");
            for (long version = 0; version < 2 * UNTIL_SETTLED; version++) {
                advance(store, epoch, version);
            }
            assertThat(Sql.text(dataSource, """
                            SELECT string_agg(custom_plans || ' of ' || custom_plans + generic_plans, ', ')
                            FROM pg_prepared_statements WHERE statement LIKE '%UPDATE%'
                            """)).isEqualTo("5 of 20");
        }
    }

    /** KBs of another partition. */
    private static void record(HikariDataSource dataSource, int from, int to) throws Exception {
        Sql.execute(dataSource, """
                INSERT INTO kb_migrator_attempt (kb_partition, kb_id, version, failures, failed_us, due_us, set_aside)
                SELECT %d, 'failing-' || i, 1, 1, 0, 0, 0 FROM generate_series(%d, %d) i
                """.formatted(PARTITION + 1, from + 1, to));
    }

    private static void advance(StateStore store, Epoch epoch, long version) {
        List<KbState> page = store.page(
                        new PageQuery(Set.of(PARTITION), Selection.DUE, version + 1, DueFilter.BY_THE_CLOCK, null, 100))
                .kbs();
        assertThat(page).hasSize(50);
        List<KbWrite> writes = page.stream()
                .<KbWrite>map(kb -> new KbWrite.Advanced(kb.kbId(), kb.incarnation(), version, version + 1))
                .toList();
        assertThat(store.write(Set.of(epoch), writes).exceptions()).isEmpty();
    }

    /** The server's counter, updated first. A look reads all records, so there must be none between two calls. */
    private static long read(HikariDataSource dataSource) throws Exception {
        Sql.number(dataSource, "SELECT count(pg_stat_force_next_flush()::text)");
        return Sql.number(
                dataSource, "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'kb_migrator_attempt'");
    }
}
