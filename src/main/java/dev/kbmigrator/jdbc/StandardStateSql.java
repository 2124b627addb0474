package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Statements that every database understands, one row or one list of keys at a time: for MariaDB, MySQL, H2 and SQLite. What
 * belongs together is one transaction; rows are locked in the order of their keys; the fence comes last.
 */
class StandardStateSql implements StateSql {

    private static final String LOOK = """
            SELECT 'clock', c.us, 0, 0, 0, 0, 0, '', '', '' FROM (SELECT {now} AS us) c
            UNION ALL
            SELECT 'document', revision, 0, 0, 0, 0, 0, name, json, '' FROM {document} WHERE name >= 'now/' AND name < 'now0'
            UNION ALL
            SELECT 'floor', f.kb_partition, f.version, 0, 0, 0, 0, '', '', '' FROM ({floors}) f
            UNION ALL
            SELECT 'attempt', d.kb_partition, d.version, SUM(d.due),
              SUM(CASE WHEN d.due = 0 AND d.set_aside = 0 THEN 1 ELSE 0 END), SUM(d.set_aside),
              MIN(CASE WHEN d.due = 0 AND d.set_aside = 0 THEN d.due_us ELSE 9223372036854775807 END), '', '', ''
            FROM (
              SELECT a.kb_partition, a.version, a.set_aside, a.due_us,
                CASE WHEN a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN {now} ELSE -1 END OR a.failed_us < ?)
                  THEN 1 ELSE 0 END AS due
              FROM {attempt} a) d
            GROUP BY d.kb_partition, d.version
            UNION ALL
            SELECT 'replica', newest_version, safe_to_serve, first_seen_us, last_seen_us, 0, 0, replica_id, host, build
            FROM {replica}
            """;

    private static final String PAGE = """
            SELECT k.kb_partition, k.kb_id, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL
            FROM {kb} k {join} {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            WHERE {partitions} AND k.version < ? AND {selected}
            ORDER BY k.kb_partition, k.kb_id
            LIMIT ?
            """;

    private static final String FIND = """
            SELECT k.kb_partition, k.kb_id, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM (SELECT * FROM {kb} WHERE {keys}) k
            LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            """;

    private final Database database;
    private final Dialect dialect;
    private final Statements statements;
    private final String heartbeat;
    private final String insertKb;

    /** With the two statements that no two databases put alike: the heartbeat's, and a KB's insertion if it is absent. */
    StandardStateSql(Database database, Dialect dialect, String heartbeat, String insertKb) {
        this.database = database;
        this.dialect = dialect;
        this.statements = new Statements(database, dialect);
        this.heartbeat = statements.sql(heartbeat);
        this.insertKb = statements.sql(insertKb);
    }

    @Override
    public Snapshot look(Heartbeat self) {
        String floors = self.thorough() ? LookRows.LOWEST_VERSIONS : LookRows.STORED_FLOORS;
        String look = statements.sql(LOOK.replace("{floors}", floors));
        return database.autocommit("look at the shared state", connection -> {
            try (PreparedStatement beat = connection.prepareStatement(heartbeat)) {
                beat.setString(1, self.replicaId());
                beat.setString(2, self.node());
                beat.setString(3, self.build());
                beat.setLong(4, self.newestVersion());
                beat.setInt(5, self.ready() ? 1 : 0);
                beat.executeUpdate();
            }
            try (PreparedStatement statement = connection.prepareStatement(look)) {
                LookRows.bindDue(statement, 1, self);
                try (ResultSet rows = statement.executeQuery()) {
                    return LookRows.read(rows);
                }
            }
        });
    }

    @Override
    public void forgetReplica(String replicaId) {
        database.autocommit("forget a replica", connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement(statements.sql("DELETE FROM {replica} WHERE replica_id = ?"))) {
                statement.setString(1, replicaId);
                return statement.executeUpdate();
            }
        });
    }

    @Override
    public Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes) {
        String list = Placeholders.rows(scopes.size(), 1);
        return database.transaction("open epochs", connection -> {
            Map<Integer, Epoch> opened = new HashMap<>();
            String lock = statements.sql(
                    "SELECT scope, number FROM {epoch} WHERE scope IN (" + list + ") ORDER BY scope {forUpdate}");
            try (PreparedStatement statement = connection.prepareStatement(lock)) {
                Statements.bind(statement, 1, scopes);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        opened.put(rows.getInt(1), new Epoch(rows.getInt(1), rows.getLong(2) + 1));
                    }
                }
            }
            String raise = statements.sql("UPDATE {epoch} SET number = number + 1 WHERE scope IN (" + list + ")");
            try (PreparedStatement statement = connection.prepareStatement(raise)) {
                Statements.bind(statement, 1, scopes);
                statement.executeUpdate();
            }
            if (opened.size() < scopes.size()) {
                throw new Database.TablesMissing();
            }
            return opened;
        });
    }

    @Override
    public Set<String> enroll(SortedSet<Key> keys, long version) {
        SortedSet<Key> absent = new TreeSet<>(keys);
        find(keys).keySet().forEach(kbId -> absent.remove(Key.of(kbId)));
        if (absent.isEmpty()) {
            return Set.of();
        }
        try {
            return database.transaction("enrol KBs", connection -> enroll(connection, absent, version, true));
        } catch (Unclear e) {
            return database.transaction("enrol KBs", connection -> enroll(connection, absent, version));
        }
    }

    /** Rolls a transaction back: the driver does not say which rows of a batch it has inserted. */
    private static final class Unclear extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Unclear() {
            super("the driver does not say which rows of a batch were inserted", null, false, false);
        }
    }

    @Override
    public Set<String> enroll(Connection connection, SortedSet<Key> keys, long version) throws SQLException {
        return enroll(connection, keys, version, false);
    }

    private Set<String> enroll(Connection connection, SortedSet<Key> keys, long version, boolean batched)
            throws SQLException {
        Map<Integer, Long> floors = statements.lockFloors(connection, keys);
        Set<String> enrolled = new HashSet<>();
        List<Key> late = new ArrayList<>();
        for (Key key : insert(connection, keys, version, batched)) {
            enrolled.add(key.kbId());
            if (version < floors.getOrDefault(key.partition(), 0L)) {
                late.add(key);
            }
        }
        if (!late.isEmpty()) {
            KbRecord due = new KbRecord(version + 1, 0, null, 0, 0, false, false, null);
            StandardWrite.insert(statements, connection, late, key -> due, key -> false);
        }
        return enrolled;
    }

    /** Inserts the KBs that are absent; answers which. A batch is sent whole where the driver can. */
    private List<Key> insert(Connection connection, SortedSet<Key> keys, long version, boolean batched)
            throws SQLException {
        List<Key> inserted = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(insertKb)) {
            for (Key key : keys) {
                statement.setInt(1, key.partition());
                dialect.setKbId(statement, 2, key.kbId());
                statement.setLong(3, version);
                if (batched) {
                    statement.addBatch();
                } else if (statement.executeUpdate() == 1) {
                    inserted.add(key);
                }
            }
            if (batched) {
                int[] counts = statement.executeBatch();
                int row = 0;
                for (Key key : keys) {
                    int count = counts[row++];
                    if (count == Statement.SUCCESS_NO_INFO) {
                        throw new Unclear();
                    }
                    if (count == 1) {
                        inserted.add(key);
                    }
                }
            }
        }
        return inserted;
    }

    @Override
    public void remove(SortedSet<Key> keys) {
        database.transaction("remove KBs", connection -> {
            // The KB first: a write that is under way puts its attempt on record while it holds the KB's row
            delete(connection, "DELETE FROM {kb} WHERE {keys}", keys);
            delete(connection, "DELETE FROM {attempt} WHERE {keys}", keys);
            return true;
        });
    }

    private void delete(Connection connection, String template, Collection<Key> keys) throws SQLException {
        statements.forKeys(connection, template, keys, PreparedStatement::executeUpdate);
    }

    @Override
    public Map<String, KbState> find(SortedSet<Key> keys) {
        return database.autocommit("read KBs", connection -> {
            Map<String, KbState> found = new HashMap<>();
            statements.forKeys(connection, FIND, keys, statement -> {
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        KbState kb = KbRows.read(rows, dialect);
                        found.put(kb.kbId(), kb);
                    }
                }
                return true;
            });
            return found;
        });
    }

    @Override
    public Page page(PageQuery request) {
        SortedSet<Integer> partitions = new TreeSet<>(request.partitions());
        KbRows.Position after = KbRows.Position.of(request.after());
        return database.autocommit("list KBs", connection -> {
            List<KbState> kbs = new ArrayList<>();
            SortedSet<Integer> rest = after == null ? partitions : partitions.tailSet(after.partition() + 1);
            if (after != null && partitions.contains(after.partition())) {
                list(
                        connection,
                        request,
                        "k.kb_partition = ? AND k.kb_id > ?",
                        statement -> {
                            statement.setInt(1, after.partition());
                            dialect.setKbId(statement, 2, after.kbId());
                            return 3;
                        },
                        kbs);
            }
            for (Collection<Integer> part : split(rest)) {
                if (kbs.size() < request.limit()) {
                    String in = "k.kb_partition IN (" + Placeholders.rows(part.size(), 1) + ")";
                    list(connection, request, in, statement -> Statements.bind(statement, 1, part), kbs);
                }
            }
            return KbRows.page(kbs, request.limit());
        });
    }

    /** H2 2.5.252 answers a list of partitions wrongly, when the same plan was left before its end: goes one by one there. */
    private List<Collection<Integer>> split(SortedSet<Integer> partitions) {
        if (partitions.isEmpty()) {
            return List.of();
        }
        return dialect.onePartitionAtOnce()
                ? partitions.stream().<Collection<Integer>>map(Set::of).toList()
                : List.of(partitions);
    }

    private void list(
            Connection connection,
            PageQuery request,
            String partitions,
            Statements.Use<Integer> binder,
            List<KbState> kbs)
            throws SQLException {
        String sql = statements.sql(PAGE.replace("{partitions}", partitions)
                .replace("{join}", KbRows.join(request))
                .replace("{selected}", KbRows.selected(request)));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int index = binder.with(statement);
            statement.setLong(index++, request.belowVersion());
            index = KbRows.bindSelected(statement, index, request);
            statement.setInt(index, request.limit() - kbs.size());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    kbs.add(KbRows.read(rows, dialect));
                }
            }
        }
    }

    @Override
    public long count(long belowVersion) {
        return database.autocommit("count KBs", connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement(statements.sql("SELECT COUNT(*) FROM {kb} WHERE version < ?"))) {
                statement.setLong(1, belowVersion);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    return rows.getLong(1);
                }
            }
        });
    }

    @Override
    public WriteResult write(List<Epoch> epochs, List<KbWrite> writes) {
        if (writes.stream().allMatch(KbWrite.Advanced.class::isInstance)) {
            List<KbWrite.Advanced> advances =
                    writes.stream().map(KbWrite.Advanced.class::cast).toList();
            Optional<WriteResult> result = attempt(epochs, one -> one.advanceAll(advances));
            if (result.isPresent()) {
                return result.get();
            }
            // Some KB is not where its writer saw it: undone, and once more to see which
        }
        return attempt(epochs, one -> Optional.of(one.write(writes))).orElseThrow();
    }

    private interface BatchWrite {
        Optional<WriteResult> in(StandardWrite transaction) throws SQLException;
    }

    /** Empty: undone, because the batch could not be written as it is. */
    private Optional<WriteResult> attempt(List<Epoch> epochs, BatchWrite batch) {
        try {
            return database.transaction("write a batch", connection -> {
                Optional<WriteResult> result = batch.in(new StandardWrite(statements, connection));
                Set<Integer> stale = result.isEmpty() ? Set.of() : fence().stale(connection, epochs);
                if (result.isEmpty() || !stale.isEmpty()) {
                    throw new Fence.Refusal(stale);
                }
                return result;
            });
        } catch (Fence.Refusal e) {
            return e.stale.isEmpty() ? Optional.empty() : Optional.of(WriteResult.refused(e.stale));
        }
    }

    @Override
    public boolean write(Connection connection, List<KbWrite> writes) throws SQLException {
        return new StandardWrite(statements, connection)
                .write(writes)
                .exceptions()
                .isEmpty();
    }

    @Override
    public FloorSql floors() {
        return new FloorSql(database, statements);
    }

    @Override
    public DocumentSql documents() {
        return new DocumentSql(database, statements);
    }

    @Override
    public Fence fence() {
        return new Fence(statements);
    }
}
