package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
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
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The statements for MariaDB, MySQL, H2 and SQLite, with one row or one list of keys at a time. A call that needs several
 * statements is one transaction: it locks rows in the order of their keys, and checks the fence last.
 */
final class StandardStateSql extends StateSql {

    private static final String LOOK = """
            SELECT 'clock', c.us, 0, 0, 0, 0, 0, '', '', '', '', 0 FROM (SELECT {now} AS us) c
            UNION ALL
            SELECT 'document', revision, 0, 0, 0, 0, 0, name, json, '', '', 0 FROM {document}
            WHERE name >= 'now/' AND name < 'now0'
            UNION ALL
            SELECT 'floor', f.kb_partition, f.version, 0, 0, 0, 0, '', '', '', '', 0 FROM ({floors}) f
            UNION ALL
            SELECT 'attempt', d.kb_partition, d.version, SUM(d.due),
              SUM(CASE WHEN d.due = 0 AND d.set_aside = 0 THEN 1 ELSE 0 END), SUM(d.set_aside),
              MIN(CASE WHEN d.due = 0 AND d.set_aside = 0 THEN d.due_us ELSE 9223372036854775807 END), '', '', '', '',
              SUM(CASE WHEN d.set_aside = 0 THEN d.failing ELSE 0 END)
            FROM (
              SELECT a.kb_partition, a.version, a.set_aside, a.due_us,
                CASE WHEN a.failures > 0 OR a.error IS NOT NULL THEN 1 ELSE 0 END AS failing,
                CASE WHEN a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN {now} ELSE -1 END OR a.failed_us < ?)
                  THEN 1 ELSE 0 END AS due
              FROM {attempt} a) d
            GROUP BY d.kb_partition, d.version
            UNION ALL
            SELECT 'replica', newest_version, ready, first_seen_us, last_seen_us, baseline, 0, replica_id, node, build, fleet, 0
            FROM {replica}
            """;

    private static final String LOCK_EPOCHS = """
            SELECT scope, number FROM {epoch} WHERE scope IN ({list}) ORDER BY scope {forUpdate}
            """;

    private static final String OPEN_EPOCHS = """
            UPDATE {epoch} SET number = number + 1 WHERE scope IN ({list})
            """;

    /** All KBs below a version. */
    private static final String PAGE_OF_ALL = """
            SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL
            FROM {kb} k LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            WHERE {partitions} AND k.version < ?
            ORDER BY k.kb_partition, k.kb_id
            {limit}
            """;

    /** The KBs below a version that fail. They are found through the few records, not through all KBs. */
    private static final String PAGE_OF_FAILING = """
            SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL
            FROM {kb} k JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            WHERE {partitions} AND k.version < ? AND (a.failures > 0 OR a.error IS NOT NULL OR a.set_aside = 1)
            ORDER BY k.kb_partition, k.kb_id
            {limit}
            """;

    /** The KBs below a version that are due. */
    private static final String PAGE_OF_DUE = """
            SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL
            FROM {kb} k LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            WHERE {partitions} AND k.version < ?
              AND (a.kb_id IS NULL
                OR (a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN {now} ELSE -1 END OR a.failed_us < ?)))
            ORDER BY k.kb_partition, k.kb_id
            {limit}
            """;

    /** The partitions of a page that continues in the middle of a partition. */
    private static final String AFTER_KB = "k.kb_partition = ? AND k.kb_id > ?";

    /** The partitions of any other page. */
    private static final String IN_PARTITIONS = "k.kb_partition IN ({list})";

    private static final String FIND = """
            SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM (SELECT * FROM {kb} WHERE {keys}) k
            LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
            """;

    private final Database database;
    private final StandardDialect dialect;
    private final Statements statements;

    StandardStateSql(Database database, StandardDialect dialect, TableLocation tables) {
        this(database, dialect, new Statements(tables));
    }

    private StandardStateSql(Database database, StandardDialect dialect, Statements statements) {
        super(
                database,
                statements,
                new StandardFloorSql(database, statements),
                new StandardDocumentSql(database, statements));
        this.database = database;
        this.dialect = dialect;
        this.statements = statements;
    }

    /** Rolls the fast way back, so that the caller takes the slow way. Never leaves this class. */
    private static final class Fallback extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Fallback(String why) {
            super(why, null, false, false);
        }
    }

    @Override
    Snapshot look(Heartbeat heartbeat) {
        String look = statements.sql(SnapshotRows.withFloors(LOOK, heartbeat));
        return database.autocommit("look at the fleet state", connection -> {
            if (!heartbeat.observer()) {
                announce(connection, heartbeat);
            }
            try (PreparedStatement statement = connection.prepareStatement(look)) {
                Statements.bind(statement, 1, heartbeat.due());
                try (ResultSet rows = statement.executeQuery()) {
                    return SnapshotRows.read(rows);
                }
            }
        });
    }

    private void announce(Connection connection, Heartbeat heartbeat) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(dialect.putReplica()))) {
            SnapshotRows.bindReplica(statement, 1, heartbeat.self());
            statement.executeUpdate();
        }
        if (heartbeat.report() != null) {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(dialect.putReport()))) {
                SnapshotRows.bindReport(statement, 1, heartbeat);
                statement.executeUpdate();
            }
        }
    }

    @Override
    Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes) {
        return database.transaction("open epochs", connection -> {
            Map<Integer, Epoch> opened = new HashMap<>();
            statements
                    .query(connection, LOCK_EPOCHS, scopes)
                    .forEach((scope, number) -> opened.put(scope, new Epoch(scope, number + 1)));
            try (PreparedStatement statement =
                    connection.prepareStatement(statements.sql(OPEN_EPOCHS, scopes.size()))) {
                Statements.bind(statement, 1, scopes);
                statement.executeUpdate();
            }
            if (opened.size() < scopes.size()) {
                throw new Tables.Incomplete();
            }
            return opened;
        });
    }

    @Override
    Set<String> enroll(SortedSet<KbKey> keys, long version) {
        SortedSet<KbKey> absent = new TreeSet<>(keys);
        find(keys).keySet().forEach(kbId -> absent.remove(KbKey.of(kbId)));
        if (absent.isEmpty()) {
            return Set.of();
        }
        try {
            return database.transaction("enrol KBs", connection -> enroll(connection, absent, version, true));
        } catch (Fallback e) {
            return database.transaction("enrol KBs", connection -> enroll(connection, absent, version));
        }
    }

    @Override
    Set<String> enroll(Connection connection, SortedSet<KbKey> keys, long version) throws SQLException {
        return enroll(connection, keys, version, false);
    }

    private Set<String> enroll(Connection connection, SortedSet<KbKey> keys, long version, boolean batched)
            throws SQLException {
        Map<Integer, Long> floors = floors().lockShared(connection, keys);
        List<KbKey> inserted = batched ? insertBatch(connection, keys, version) : insert(connection, keys, version);
        Set<String> enrolled = new HashSet<>();
        List<KbKey> late = new ArrayList<>();
        for (KbKey key : inserted) {
            enrolled.add(key.kbId());
            if (version < floors.getOrDefault(key.partition(), 0L)) {
                late.add(key);
            }
        }
        kbWrites().insertDue(connection, late, key -> version + 1);
        return enrolled;
    }

    /** Inserts the KBs that are absent, one by one; returns which. */
    private List<KbKey> insert(Connection connection, SortedSet<KbKey> keys, long version) throws SQLException {
        List<KbKey> inserted = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(dialect.insertKb()))) {
            for (KbKey key : keys) {
                bindKb(statement, key, version);
                if (statement.executeUpdate() == 1) {
                    inserted.add(key);
                }
            }
        }
        return inserted;
    }

    private void bindKb(PreparedStatement statement, KbKey key, long version) throws SQLException {
        int index = statements.bind(statement, 1, key);
        statement.setLong(index, UniqueNumbers.next());
        statement.setLong(index + 1, version);
    }

    /** Inserts the KBs that are absent, in one round trip where the driver can; returns which. */
    private List<KbKey> insertBatch(Connection connection, SortedSet<KbKey> keys, long version) throws SQLException {
        List<KbKey> inserted = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(dialect.insertKb()))) {
            for (KbKey key : keys) {
                bindKb(statement, key, version);
                statement.addBatch();
            }
            int[] counts = statement.executeBatch();
            int row = 0;
            for (KbKey key : keys) {
                int count = counts[row++];
                if (count == Statement.SUCCESS_NO_INFO) {
                    throw new Fallback("the driver does not say which rows of a batch it inserted");
                }
                if (count == 1) {
                    inserted.add(key);
                }
            }
        }
        return inserted;
    }

    @Override
    Map<String, KbState> find(SortedSet<KbKey> keys) {
        return database.read("read KBs", connection -> {
            Map<String, KbState> found = new HashMap<>();
            statements.forKeys(connection, FIND, keys, statement -> {
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        KbState kb = KbStateRows.read(rows, dialect);
                        found.put(kb.kbId(), kb);
                    }
                }
                return true;
            });
            return found;
        });
    }

    @Override
    Page page(PageQuery query) {
        SortedSet<Integer> partitions = new TreeSet<>(query.partitions());
        KbKey after = KbKey.of(query.after());
        return database.autocommit("list KBs", connection -> {
            List<KbState> kbs = new ArrayList<>();
            SortedSet<Integer> rest = after == null ? partitions : partitions.tailSet(after.partition() + 1);
            if (after != null && partitions.contains(after.partition())) {
                list(connection, query, AFTER_KB, statement -> statements.bind(statement, 1, after), kbs);
            }
            for (Collection<Integer> part : split(rest)) {
                if (kbs.size() < query.limit()) {
                    String in = IN_PARTITIONS.replace("{list}", Placeholders.list(part.size()));
                    list(connection, query, in, statement -> Statements.bind(statement, 1, part), kbs);
                }
            }
            return KbStateRows.page(kbs, query.limit());
        });
    }

    /** One by one on H2: 2.5.252 returns wrong rows for a list of partitions after the same plan was not read to its end. */
    private List<Collection<Integer>> split(SortedSet<Integer> partitions) {
        if (partitions.isEmpty()) {
            return List.of();
        }
        return dialect.onePartitionAtOnce()
                ? partitions.stream().<Collection<Integer>>map(Set::of).toList()
                : List.of(partitions);
    }

    /** Adds the next KBs of some partitions, whose condition the binder binds first. */
    private void list(
            Connection connection,
            PageQuery query,
            String partitions,
            Statements.Use<Integer> binder,
            List<KbState> kbs)
            throws SQLException {
        String sql = statements.sql(template(query.selection()).replace("{partitions}", partitions));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int index = binder.apply(statement);
            statement.setLong(index++, query.belowVersion());
            if (query.selection() == PageQuery.Selection.DUE) {
                index = Statements.bind(statement, index, query.due());
            }
            statement.setInt(index, query.limit() - kbs.size());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    kbs.add(KbStateRows.read(rows, dialect));
                }
            }
        }
    }

    private static String template(PageQuery.Selection selection) {
        return switch (selection) {
            case ALL -> PAGE_OF_ALL;
            case FAILING -> PAGE_OF_FAILING;
            case DUE -> PAGE_OF_DUE;
        };
    }

    @Override
    WriteResult write(List<Epoch> epochs, List<KbWrite> writes) {
        if (writes.stream().allMatch(KbWrite.Advanced.class::isInstance)) {
            List<KbWrite.Advanced> advances =
                    writes.stream().map(KbWrite.Advanced.class::cast).toList();
            try {
                return writeFenced(epochs, connection -> {
                    if (!kbWrites().advanceAll(connection, advances)) {
                        throw new Fallback("a KB does not have the expected version");
                    }
                    return WriteResult.ALL_DONE;
                });
            } catch (Fallback e) {
                // Rolled back; the slow way finds out which KBs cannot be written
            }
        }
        return writeFenced(epochs, connection -> kbWrites().write(connection, writes));
    }

    private WriteResult writeFenced(List<Epoch> epochs, Database.Work<WriteResult, SQLException> batch) {
        try {
            return database.transaction("write a batch", connection -> {
                WriteResult result = batch.apply(connection);
                fence().check(connection, epochs);
                return result;
            });
        } catch (EpochFence.StaleEpoch e) {
            return WriteResult.refused(e.scopes());
        }
    }
}
