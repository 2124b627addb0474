package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbWrite;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A batch of writes as columns: one array for each. */
final class PostgresWrites {

    private final List<KbWrite> writes = new ArrayList<>();
    private final short[] partitions;
    private final String[] kbIds;
    private final long[] seen;

    /** In the order of their keys, each key computed once; of two writes of one KB, the later. */
    PostgresWrites(List<KbWrite> unsorted) {
        List<Row> sorted = new ArrayList<>(unsorted.size());
        unsorted.forEach(write -> sorted.add(new Row(Key.of(write.kbId()), write)));
        // Mostly sorted already, because pages are: that is where this sort is quick
        sorted.sort(Comparator.comparing(Row::key));
        for (int i = sorted.size() - 2; i >= 0; i--) {
            if (sorted.get(i).key().equals(sorted.get(i + 1).key())) {
                sorted.remove(i);
            }
        }
        partitions = new short[sorted.size()];
        kbIds = new String[sorted.size()];
        seen = new long[sorted.size()];
        for (Row row : sorted) {
            int place = writes.size();
            partitions[place] = (short) row.key().partition();
            kbIds[place] = row.key().kbId();
            seen[place] = row.write().from();
            writes.add(row.write());
        }
    }

    private record Row(Key key, KbWrite write) {}

    /** KBs of one partition that advance from one version to another. */
    private record Group(short partition, long from, long to) {}

    /** Whether every KB advances. */
    boolean allAdvance() {
        return writes.stream().allMatch(KbWrite.Advanced.class::isInstance);
    }

    /** Group by group: partition, version before, version after, place of the first and of the last id; then the ids. */
    int bindGroups(Connection connection, PreparedStatement statement, int from) throws SQLException {
        Map<Group, List<String>> groups = new LinkedHashMap<>();
        for (int i = 0; i < kbIds.length; i++) {
            KbWrite.Advanced advance = (KbWrite.Advanced) writes.get(i);
            groups.computeIfAbsent(new Group(partitions[i], advance.from(), advance.to()), group -> new ArrayList<>())
                    .add(kbIds[i]);
        }
        Integer[] first = new Integer[groups.size()];
        Integer[] last = new Integer[groups.size()];
        String[] ids = new String[kbIds.length];
        int group = 0;
        int place = 0;
        for (List<String> members : groups.values()) {
            first[group] = place + 1;
            for (String kbId : members) {
                ids[place++] = kbId;
            }
            last[group++] = place;
        }
        statement.setArray(from, connection.createArrayOf("int2", column(groups, Group::partition, Short[]::new)));
        statement.setArray(from + 1, connection.createArrayOf("int8", column(groups, Group::from, Long[]::new)));
        statement.setArray(from + 2, connection.createArrayOf("int8", column(groups, Group::to, Long[]::new)));
        statement.setArray(from + 3, connection.createArrayOf("int4", first));
        statement.setArray(from + 4, connection.createArrayOf("int4", last));
        statement.setArray(from + 5, connection.createArrayOf("text", ids));
        return from + 6;
    }

    private static <T> T[] column(Map<Group, ?> groups, Function<Group, T> value, IntFunction<T[]> array) {
        return groups.keySet().stream().map(value).toArray(array);
    }

    /** Partition, id, version before, version after. */
    private int bindAdvances(Connection connection, PreparedStatement statement, int from) throws SQLException {
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
