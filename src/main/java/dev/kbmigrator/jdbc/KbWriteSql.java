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
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes to KBs in a transaction that is open on a connection, on every database:
 *
 * <ol>
 *   <li>Lock the KBs' rows in the order of their keys.
 *   <li>Leave out the KBs that do not have the expected version, or are not the expected incarnation.
 *   <li>Write the others.
 * </ol>
 *
 * <p>The fence is the caller's.
 */
final class KbWriteSql {

    private static final String ADVANCE_FROM = """
            UPDATE {kb} SET version = {to} WHERE version = {from} AND {keys} AND incarnation IN ({numbers})
            """;

    private static final String LOCK_KBS = """
            SELECT kb_partition, kb_id, incarnation, version FROM {kb} WHERE {keys} ORDER BY kb_partition, kb_id {forUpdate}
            """;

    private static final String ADVANCE = """
            UPDATE {kb} SET version = {to} WHERE {keys}
            """;

    private static final String FIND_RECORDS = """
            SELECT kb_partition, kb_id FROM {attempt} WHERE {keys}
            """;

    private static final String READ_RECORDS = """
            SELECT a.kb_partition, a.kb_id, 0, a.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM {attempt} a WHERE {keys}
            """;

    private static final String DELETE_RECORDS = """
            DELETE FROM {attempt} WHERE {keys}
            """;

    private static final String INSERT_RECORD = """
            INSERT INTO {attempt} (kb_partition, kb_id, version, failures, error, failed_us, due_us, set_aside, checkpoint)
            VALUES (?, ?, ?, ?, ?, CASE WHEN ? = 1 THEN {now} ELSE ? END, CASE WHEN ? = 1 THEN {now} + ? ELSE ? END, ?, ?)
            """;

    private final Statements statements;
    private final FloorSql floors;

    KbWriteSql(Statements statements, FloorSql floors) {
        this.statements = statements;
        this.floors = floors;
    }

    /**
     * Writes the usual batch, in which every KB advances. Returns false if a KB does not have the expected version or
     * incarnation: then the caller must roll the transaction back, because other KBs have advanced. Incarnations are compared
     * with those of all KBs of a statement: no other KB has had the same one.
     */
    boolean advanceAll(Connection connection, List<KbWrite.Advanced> writes) throws SQLException {
        Map<Step, List<KbKey>> bySteps = new TreeMap<>();
        Map<KbKey, Long> goals = new TreeMap<>();
        Map<KbKey, Long> incarnations = new HashMap<>();
        for (KbWrite.Advanced write : writes) {
            KbKey key = KbKey.of(write.kbId());
            goals.put(key, write.to());
            incarnations.put(key, write.incarnation());
            bySteps.computeIfAbsent(new Step(write.from(), write.to()), step -> new ArrayList<>())
                    .add(key);
        }
        int advanced = 0;
        for (Map.Entry<Step, List<KbKey>> group : bySteps.entrySet()) {
            Step step = group.getKey();
            group.getValue().sort(null);
            String update = ADVANCE_FROM
                    .replace("{to}", String.valueOf(step.to()))
                    .replace("{from}", String.valueOf(step.from()));
            for (int rows : statements.forKeys(
                    connection, update, group.getValue(), incarnations, PreparedStatement::executeUpdate)) {
                advanced += rows;
            }
        }
        if (advanced < goals.size()) {
            return false;
        }
        clear(connection, goals);
        return true;
    }

    private record Step(long from, long to) implements Comparable<Step> {
        @Override
        public int compareTo(Step other) {
            return from != other.from ? Long.compare(from, other.from) : Long.compare(to, other.to);
        }
    }

    /** Writes one KB; returns whether it had the expected version and incarnation. */
    boolean write(Connection connection, KbWrite write) throws SQLException {
        return write(connection, List.of(write)).exceptions().isEmpty();
    }

    /** Writes what can be written; returns what cannot. */
    WriteResult write(Connection connection, List<KbWrite> writes) throws SQLException {
        Map<KbKey, KbWrite> byKey = new TreeMap<>();
        writes.forEach(write -> byKey.put(KbKey.of(write.kbId()), write));
        Map<String, NotDone> exceptions = lock(connection, byKey);
        exceptions.keySet().forEach(kbId -> byKey.remove(KbKey.of(kbId)));
        advance(connection, byKey);
        record(connection, byKey);
        return new WriteResult(Set.of(), exceptions);
    }

    private Map<String, NotDone> lock(Connection connection, Map<KbKey, KbWrite> byKey) throws SQLException {
        Map<String, KbState> stored = new HashMap<>();
        statements.forKeys(connection, LOCK_KBS, byKey.keySet(), statement -> {
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String kbId = statements.dialect().getKbId(rows, 2);
                    stored.put(kbId, new KbState(kbId, rows.getLong(3), rows.getLong(4), null));
                }
            }
            return true;
        });
        Map<String, NotDone> exceptions = new HashMap<>();
        for (KbWrite write : byKey.values()) {
            KbState kb = stored.get(write.kbId());
            if (kb == null || kb.incarnation() != write.incarnation()) {
                exceptions.put(write.kbId(), new WriteResult.Gone());
            } else if (kb.version() != write.from()) {
                exceptions.put(write.kbId(), new WriteResult.Stale(kb.version()));
            }
        }
        return exceptions;
    }

    private void advance(Connection connection, Map<KbKey, KbWrite> byKey) throws SQLException {
        Map<Long, List<KbKey>> byVersion = new TreeMap<>();
        Map<KbKey, Long> goals = new TreeMap<>();
        byKey.forEach((key, write) -> {
            if (write instanceof KbWrite.Advanced advanced) {
                byVersion
                        .computeIfAbsent(advanced.to(), version -> new ArrayList<>())
                        .add(key);
                goals.put(key, advanced.to());
            }
        });
        for (Map.Entry<Long, List<KbKey>> group : byVersion.entrySet()) {
            String update = ADVANCE.replace("{to}", String.valueOf(group.getKey()));
            statements.forKeys(connection, update, group.getValue(), PreparedStatement::executeUpdate);
        }
        clear(connection, goals);
    }

    /** Deletes the records of KBs that have advanced; KBs that are below their partition's floor get a new one. */
    private void clear(Connection connection, Map<KbKey, Long> goals) throws SQLException {
        SortedSet<KbKey> recorded = new TreeSet<>();
        statements.forKeys(connection, FIND_RECORDS, goals.keySet(), statement -> {
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    recorded.add(new KbKey(rows.getInt(1), statements.dialect().getKbId(rows, 2)));
                }
            }
            return true;
        });
        if (recorded.isEmpty()) {
            return;
        }
        Map<Integer, Long> stored = floors.lockShared(connection, recorded);
        deleteRecords(connection, recorded);
        recorded.removeIf(key -> Objects.requireNonNull(goals.get(key)) >= stored.getOrDefault(key.partition(), 0L));
        insertDue(connection, recorded, key -> Objects.requireNonNull(goals.get(key)) + 1);
    }

    /** Deletes the records of KBs. */
    void deleteRecords(Connection connection, Collection<KbKey> keys) throws SQLException {
        statements.forKeys(connection, DELETE_RECORDS, keys, PreparedStatement::executeUpdate);
    }

    private void record(Connection connection, Map<KbKey, KbWrite> byKey) throws SQLException {
        Map<KbKey, KbWrite> records = new TreeMap<>(byKey);
        records.values().removeIf(KbWrite.Advanced.class::isInstance);
        if (records.isEmpty()) {
            return;
        }
        Map<KbKey, KbRecord> before = new HashMap<>();
        statements.forKeys(connection, READ_RECORDS, records.keySet(), statement -> {
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    KbState kb = KbStateRows.read(rows, statements.dialect());
                    before.put(KbKey.of(kb.kbId()), Objects.requireNonNull(kb.record()));
                }
            }
            return true;
        });
        deleteRecords(connection, records.keySet());
        insert(
                connection,
                records.keySet(),
                key -> after(Objects.requireNonNull(records.get(key)), before.get(key)),
                key -> records.get(key) instanceof KbWrite.Failed);
    }

    /** The record after a write. The times of a failure are relative to now. */
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
        KbRecord kept = before != null && before.version() == saved.version() ? before : due(saved.version());
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

    /** The record of a KB that is due at a version, and has not failed. */
    private static KbRecord due(long version) {
        return new KbRecord(version, 0, null, 0, 0, false, false, null);
    }

    /** Inserts records that make KBs due, because they are below their partition's floor. */
    void insertDue(Connection connection, Collection<KbKey> keys, Function<KbKey, Long> version) throws SQLException {
        insert(connection, keys, key -> due(version.apply(key)), key -> false);
    }

    /** Inserts records. The times of some are relative to now. */
    private void insert(
            Connection connection, Collection<KbKey> keys, Function<KbKey, KbRecord> records, Predicate<KbKey> relative)
            throws SQLException {
        if (keys.isEmpty()) {
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(INSERT_RECORD))) {
            for (KbKey key : keys) {
                KbRecord record = records.apply(key);
                boolean fromNow = relative.test(key);
                statements.bind(statement, 1, key);
                statement.setLong(3, record.version());
                statement.setInt(4, record.failures());
                statement.setString(5, record.error());
                statement.setInt(6, fromNow ? 1 : 0);
                statement.setLong(7, record.failedMicros());
                statement.setInt(8, fromNow && !record.setAside() ? 1 : 0);
                statement.setLong(9, record.dueMicros());
                statement.setLong(10, record.dueMicros());
                statement.setInt(11, record.setAside() ? 1 : 0);
                statement.setString(12, record.checkpoint());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }
}
