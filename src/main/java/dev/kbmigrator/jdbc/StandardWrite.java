package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.NotDone;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A batch of writes in the transaction that is open on a connection: locks the KBs' rows in the order of their keys, sees
 * which still have the expected version, and writes those.
 */
final class StandardWrite {

    private static final String LOCK_KBS =
            "SELECT kb_partition, kb_id, version FROM {kb} WHERE {keys} ORDER BY kb_partition, kb_id {forUpdate}";

    private static final String READ_ATTEMPTS = """
            SELECT a.kb_partition, a.kb_id, a.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM {attempt} a WHERE {keys}
            """;

    private static final String INSERT_ATTEMPT = """
            INSERT INTO {attempt} (kb_partition, kb_id, version, failures, error, failed_us, due_us, set_aside, checkpoint)
            VALUES (?, ?, ?, ?, ?, CASE WHEN ? = 1 THEN {now} ELSE ? END, CASE WHEN ? = 1 THEN {now} + ? ELSE ? END, ?, ?)
            """;

    private final Statements statements;
    private final Connection connection;

    StandardWrite(Statements statements, Connection connection) {
        this.statements = statements;
        this.connection = connection;
    }

    /** The usual batch: moves KBs that all have the version that their writer saw; empty when one has not. */
    Optional<WriteResult> advanceAll(List<KbWrite.Advanced> writes) throws SQLException {
        Map<Step, List<Key>> bySteps = new TreeMap<>();
        SortedSet<Key> keys = new TreeSet<>();
        for (KbWrite.Advanced write : writes) {
            Key key = Key.of(write.kbId());
            keys.add(key);
            bySteps.computeIfAbsent(new Step(write.from(), write.to()), step -> new ArrayList<>())
                    .add(key);
        }
        int moved = 0;
        for (Map.Entry<Step, List<Key>> group : bySteps.entrySet()) {
            Step step = group.getKey();
            group.getValue().sort(null);
            String update =
                    "UPDATE {kb} SET version = " + step.to() + " WHERE version = " + step.from() + " AND {keys}";
            for (int rows :
                    statements.forKeys(connection, update, group.getValue(), PreparedStatement::executeUpdate)) {
                moved += rows;
            }
        }
        if (moved < keys.size()) {
            return Optional.empty();
        }
        Map<Key, Long> goals = new TreeMap<>();
        writes.forEach(write -> goals.put(Key.of(write.kbId()), write.to()));
        clear(goals);
        return Optional.of(WriteResult.ALL_DONE);
    }

    private record Step(long from, long to) implements Comparable<Step> {
        @Override
        public int compareTo(Step other) {
            return from != other.from ? Long.compare(from, other.from) : Long.compare(to, other.to);
        }
    }

    /** Writes what can be written, and answers what cannot. */
    WriteResult write(List<KbWrite> writes) throws SQLException {
        Map<Key, KbWrite> byKey = new TreeMap<>();
        writes.forEach(write -> byKey.put(Key.of(write.kbId()), write));
        Map<String, NotDone> exceptions = lock(byKey);
        exceptions.keySet().forEach(kbId -> byKey.remove(Key.of(kbId)));
        advance(byKey);
        record(byKey);
        return new WriteResult(Set.of(), exceptions);
    }

    private Map<String, NotDone> lock(Map<Key, KbWrite> byKey) throws SQLException {
        Map<String, Long> stored = new HashMap<>();
        statements.forKeys(connection, LOCK_KBS, byKey.keySet(), statement -> {
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    stored.put(statements.dialect().getKbId(rows, 2), rows.getLong(3));
                }
            }
            return true;
        });
        Map<String, NotDone> exceptions = new HashMap<>();
        for (KbWrite write : byKey.values()) {
            Long version = stored.get(write.kbId());
            if (version == null) {
                exceptions.put(write.kbId(), new WriteResult.Gone());
            } else if (version != write.from()) {
                exceptions.put(write.kbId(), new WriteResult.Stale(version));
            }
        }
        return exceptions;
    }

    private void advance(Map<Key, KbWrite> byKey) throws SQLException {
        Map<Long, List<Key>> byVersion = new TreeMap<>();
        byKey.forEach((key, write) -> {
            if (write instanceof KbWrite.Advanced advanced) {
                byVersion
                        .computeIfAbsent(advanced.to(), version -> new ArrayList<>())
                        .add(key);
            }
        });
        for (Map.Entry<Long, List<Key>> group : byVersion.entrySet()) {
            String update = "UPDATE {kb} SET version = " + group.getKey() + " WHERE {keys}";
            statements.forKeys(connection, update, group.getValue(), PreparedStatement::executeUpdate);
        }
        Map<Key, Long> goals = new TreeMap<>();
        byVersion.forEach((version, keys) -> keys.forEach(key -> goals.put(key, version)));
        clear(goals);
    }

    /** What is on record of KBs that have advanced goes, unless their partition's floor has risen over them meanwhile. */
    private void clear(Map<Key, Long> goals) throws SQLException {
        SortedSet<Key> attempted = new TreeSet<>();
        statements.forKeys(
                connection, "SELECT kb_partition, kb_id FROM {attempt} WHERE {keys}", goals.keySet(), statement -> {
                    try (ResultSet rows = statement.executeQuery()) {
                        while (rows.next()) {
                            attempted.add(
                                    new Key(rows.getInt(1), statements.dialect().getKbId(rows, 2)));
                        }
                    }
                    return true;
                });
        if (attempted.isEmpty()) {
            return;
        }
        Map<Integer, Long> floors = statements.lockFloors(connection, attempted);
        delete(attempted);
        attempted.removeIf(key -> Objects.requireNonNull(goals.get(key)) >= floors.getOrDefault(key.partition(), 0L));
        insert(
                statements,
                connection,
                attempted,
                key -> new KbRecord(Objects.requireNonNull(goals.get(key)) + 1, 0, null, 0, 0, false, false, null),
                key -> false);
    }

    private void delete(Collection<Key> keys) throws SQLException {
        statements.forKeys(connection, "DELETE FROM {attempt} WHERE {keys}", keys, PreparedStatement::executeUpdate);
    }

    private void record(Map<Key, KbWrite> byKey) throws SQLException {
        Map<Key, KbWrite> records = new TreeMap<>(byKey);
        records.values().removeIf(KbWrite.Advanced.class::isInstance);
        if (records.isEmpty()) {
            return;
        }
        Map<Key, KbRecord> before = new HashMap<>();
        statements.forKeys(connection, READ_ATTEMPTS, records.keySet(), statement -> {
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    KbState kb = KbRows.read(rows, statements.dialect());
                    before.put(Key.of(kb.kbId()), Objects.requireNonNull(kb.record()));
                }
            }
            return true;
        });
        delete(records.keySet());
        insert(
                statements,
                connection,
                records.keySet(),
                key -> after(Objects.requireNonNull(records.get(key)), before.get(key)),
                key -> records.get(key) instanceof KbWrite.Failed);
    }

    /** What is on record after a write; the times of a failure count from now. */
    private static KbRecord after(KbWrite write, @Nullable KbRecord before) {
        if (write instanceof KbWrite.Failed failed) {
            String checkpoint = before != null && before.version() == failed.version() ? before.checkpoint() : null;
            long delay = failed.retryAfter() == null ? 0 : failed.retryAfter().toNanos() / 1_000;
            return new KbRecord(
                    failed.version(),
                    failed.failures(),
                    failed.error(),
                    0,
                    delay,
                    failed.retryAfter() == null,
                    checkpoint != null,
                    checkpoint);
        }
        KbWrite.Checkpointed saved = (KbWrite.Checkpointed) write;
        KbRecord kept = before != null && before.version() == saved.version()
                ? before
                : new KbRecord(saved.version(), 0, null, 0, 0, false, false, null);
        return new KbRecord(
                kept.version(),
                kept.failures(),
                kept.error(),
                kept.failedMicros(),
                kept.dueMicros(),
                kept.setAside(),
                true,
                saved.checkpoint());
    }

    /** Puts attempts on record; the times of those that {@code fromNow} names count from now. */
    static void insert(
            Statements statements,
            Connection connection,
            Collection<Key> keys,
            Function<Key, KbRecord> attempts,
            Predicate<Key> fromNow)
            throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(INSERT_ATTEMPT))) {
            for (Key key : keys) {
                KbRecord attempt = attempts.apply(key);
                boolean relative = fromNow.test(key);
                statement.setInt(1, key.partition());
                statements.dialect().setKbId(statement, 2, key.kbId());
                statement.setLong(3, attempt.version());
                statement.setInt(4, attempt.failures());
                statement.setString(5, attempt.error());
                statement.setInt(6, relative ? 1 : 0);
                statement.setLong(7, attempt.failedMicros());
                statement.setInt(8, relative && !attempt.setAside() ? 1 : 0);
                statement.setLong(9, attempt.dueMicros());
                statement.setLong(10, attempt.dueMicros());
                statement.setInt(11, attempt.setAside() ? 1 : 0);
                statement.setString(12, attempt.checkpoint());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }
}
