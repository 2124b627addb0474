package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A batch of writes as columns: one array for each. */
final class PostgresWrites {

    private final List<KbWrite> writes;

    PostgresWrites(List<KbWrite> writes) {
        this.writes = writes;
    }

    /** Partition, id, version before, version after. */
    int bindAdvances(Connection connection, PreparedStatement statement, int from) throws SQLException {
        int rows = writes.size();
        Short[] partitions = new Short[rows];
        String[] kbIds = new String[rows];
        Long[] seen = new Long[rows];
        @Nullable Long[] goals = new Long[rows];
        for (int i = 0; i < rows; i++) {
            KbWrite write = writes.get(i);
            partitions[i] = (short) Partitions.of(write.kbId());
            kbIds[i] = write.kbId();
            seen[i] = write.from();
            goals[i] = write instanceof KbWrite.Advanced advanced ? advanced.to() : null;
        }
        statement.setArray(from, connection.createArrayOf("int2", partitions));
        statement.setArray(from + 1, connection.createArrayOf("text", kbIds));
        statement.setArray(from + 2, connection.createArrayOf("int8", seen));
        statement.setArray(from + 3, connection.createArrayOf("int8", goals));
        return from + 4;
    }

    /** The same, then the version attempted, failures, error, delay in microseconds, checkpoint. */
    int bindAll(Connection connection, PreparedStatement statement, int from) throws SQLException {
        int rows = writes.size();
        @Nullable Long[] attempted = new Long[rows];
        @Nullable Long[] failures = new Long[rows];
        @Nullable String[] errors = new String[rows];
        @Nullable Long[] delays = new Long[rows];
        @Nullable String[] checkpoints = new String[rows];
        for (int i = 0; i < rows; i++) {
            if (writes.get(i) instanceof KbWrite.Failed failed) {
                attempted[i] = failed.version();
                failures[i] = (long) failed.failures();
                errors[i] = failed.error();
                delays[i] =
                        failed.retryAfter() == null ? null : failed.retryAfter().toNanos() / 1_000;
            } else if (writes.get(i) instanceof KbWrite.Checkpointed saved) {
                attempted[i] = saved.version();
                failures[i] = 0L;
                checkpoints[i] = saved.checkpoint();
            }
        }
        int index = bindAdvances(connection, statement, from);
        statement.setArray(index, connection.createArrayOf("int8", attempted));
        statement.setArray(index + 1, connection.createArrayOf("int8", failures));
        statement.setArray(index + 2, connection.createArrayOf("text", errors));
        statement.setArray(index + 3, connection.createArrayOf("int8", delays));
        statement.setArray(index + 4, connection.createArrayOf("text", checkpoints));
        return index + 5;
    }
}
