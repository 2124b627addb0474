package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbWrite;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A batch of writes as columns: one array for each. */
final class PostgresWrites {

    private final List<KbWrite> writes = new ArrayList<>();
    private final short[] partitions;
    private final String[] kbIds;
    private final long[] seen;

    /** In the order of their keys, each key computed once. */
    PostgresWrites(List<KbWrite> unsorted) {
        Map<Key, KbWrite> sorted = new TreeMap<>();
        unsorted.forEach(write -> sorted.put(Key.of(write.kbId()), write));
        partitions = new short[sorted.size()];
        kbIds = new String[sorted.size()];
        seen = new long[sorted.size()];
        sorted.forEach((key, write) -> {
            int row = writes.size();
            partitions[row] = (short) key.partition();
            kbIds[row] = key.kbId();
            seen[row] = write.from();
            writes.add(write);
        });
    }

    /** Whether every KB advances. */
    boolean allAdvance() {
        return writes.stream().allMatch(KbWrite.Advanced.class::isInstance);
    }

    /** Partition, id, version before, version after. */
    int bindAdvances(Connection connection, PreparedStatement statement, int from) throws SQLException {
        @Nullable Long[] goals = new Long[writes.size()];
        for (int i = 0; i < goals.length; i++) {
            goals[i] = writes.get(i) instanceof KbWrite.Advanced advanced ? advanced.to() : null;
        }
        statement.setArray(from, connection.createArrayOf("int2", boxed(partitions)));
        statement.setArray(from + 1, connection.createArrayOf("text", kbIds));
        statement.setArray(from + 2, connection.createArrayOf("int8", boxed(seen)));
        statement.setArray(from + 3, connection.createArrayOf("int8", goals));
        return from + 4;
    }

    private static Short[] boxed(short[] numbers) {
        Short[] boxed = new Short[numbers.length];
        for (int i = 0; i < boxed.length; i++) {
            boxed[i] = numbers[i];
        }
        return boxed;
    }

    private static Long[] boxed(long[] numbers) {
        return Arrays.stream(numbers).boxed().toArray(Long[]::new);
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
