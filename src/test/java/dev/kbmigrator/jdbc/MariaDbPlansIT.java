package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.support.Writes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A statement for some KBs reads, and so locks, only the rows of those KBs. */
class MariaDbPlansIT {

    private static final int PARTITION = 7;
    private static final int KBS = 500;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 20})
    void aWriteReadsTheRowsOfItsKbsOnly(int size) throws SQLException {
        try (HikariDataSource dataSource = TestDatabase.MARIADB.newDataSource(pool -> pool.setMaximumPoolSize(1))) {
            StateStore store = JdbcStateStore.create(JdbcSettings.of(dataSource));
            List<String> kbs = List.copyOf(new TreeSet<>(Stores.inPartition(PARTITION, KBS)));
            store.enroll(Set.copyOf(kbs), 0);
            Epoch epoch = Stores.epoch(store, PARTITION);
            List<String> some = kbs.subList(KBS - size, KBS);

            assertReadsLittle(
                    dataSource, size, "advance", () -> write(store, epoch, some, kb -> advance(store, kb, 0)));
            assertReadsLittle(dataSource, size, "fail", () -> write(store, epoch, some, kb -> fail(store, kb)));
            assertReadsLittle(
                    dataSource,
                    size,
                    "save a checkpoint",
                    () -> write(store, epoch, some, kb -> Writes.checkpointed(store, kb, 1, 2, "1")));
            assertReadsLittle(
                    dataSource,
                    size,
                    "advance what is on record",
                    () -> write(store, epoch, some, kb -> advance(store, kb, 1)));
            assertReadsLittle(dataSource, size, "remove", () -> store.remove(some));
        }
    }

    private static KbWrite advance(StateStore store, String kb, long from) {
        return Writes.advanced(store, kb, from, from + 1);
    }

    private static KbWrite fail(StateStore store, String kb) {
        return Writes.failed(store, kb, 1, 2, 1, "error", Duration.ZERO);
    }

    private static void write(StateStore store, Epoch epoch, List<String> kbs, Function<String, KbWrite> write) {
        WriteResult result = store.write(Set.of(epoch), kbs.stream().map(write).toList());
        assertThat(result).isEqualTo(WriteResult.ALL_DONE);
    }

    private static void assertReadsLittle(HikariDataSource dataSource, int size, String what, Runnable call)
            throws SQLException {
        long before = rowsRead(dataSource);
        call.run();
        assertThat(rowsRead(dataSource) - before)
                .as("rows that were read to %s %d KBs", what, size)
                .isLessThan(20L + 10L * size);
    }

    /** The rows that the pool's only connection has read one after the other. */
    private static long rowsRead(HikariDataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        SELECT SUM(variable_value) FROM information_schema.session_status
                        WHERE variable_name IN ('Handler_read_next', 'Handler_read_rnd_next', 'Handler_read_prev')
                        """)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
