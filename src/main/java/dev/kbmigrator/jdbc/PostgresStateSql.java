package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.NotDone;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What is called often, as PostgreSQL does it best: one statement a call, lists as arrays, and the fence inside the statement,
 * which is a transaction of its own. Its row lock is taken with the current number and held to the commit, so that
 * {@code openEpochs} waits for it, and a stopped client leaves no transaction open.
 */
final class PostgresStateSql extends StandardStateSql {

    private static final String LOOK = """
            WITH clock AS (SELECT {now} AS us),
            beat AS (
              INSERT INTO {replica} (replica_id, host, build, newest_version, safe_to_serve, first_seen_us, last_seen_us)
              SELECT ?, ?, ?, ?, ?, us, us FROM clock
              ON CONFLICT (replica_id) DO UPDATE SET host = excluded.host, build = excluded.build,
                newest_version = excluded.newest_version, safe_to_serve = excluded.safe_to_serve,
                last_seen_us = excluded.last_seen_us
              RETURNING *)
            SELECT 'clock', us, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, ''::text, ''::text, ''::text FROM clock
            UNION ALL
            SELECT 'document', revision, 0, 0, 0, 0, 0, name, json, '' FROM {document} WHERE name >= 'now/' AND name < 'now0'
            UNION ALL
            SELECT 'floor', f.kb_partition, f.version, 0, 0, 0, 0, '', '', '' FROM ({floors}) f
            UNION ALL
            SELECT 'attempt', d.kb_partition, d.version, count(*) FILTER (WHERE d.due),
              count(*) FILTER (WHERE NOT d.due AND d.set_aside = 0), count(*) FILTER (WHERE d.set_aside = 1),
              coalesce(min(d.due_us) FILTER (WHERE NOT d.due AND d.set_aside = 0), 9223372036854775807), '', '', ''
            FROM (
              SELECT a.kb_partition, a.version, a.set_aside, a.due_us,
                a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN c.us ELSE -1 END OR a.failed_us < ?) AS due
              FROM {attempt} a CROSS JOIN clock c) d
            GROUP BY d.kb_partition, d.version
            UNION ALL
            SELECT 'replica', newest_version, safe_to_serve, first_seen_us, last_seen_us, 0, 0, replica_id, host, build FROM beat
            UNION ALL
            SELECT 'replica', newest_version, safe_to_serve, first_seen_us, last_seen_us, 0, 0, replica_id, host, build
            FROM {replica} WHERE replica_id <> ?
            """;

    /** Waits for nobody: a writer holds the row for a moment only, and then it is tried again. */
    private static final String OPEN_EPOCHS = """
            WITH locked AS (SELECT scope FROM {epoch} WHERE scope = ANY (?) ORDER BY scope FOR UPDATE NOWAIT)
            UPDATE {epoch} e SET number = e.number + 1 FROM locked l WHERE e.scope = l.scope
            RETURNING e.scope, e.number
            """;

    private static final String ABSENT = """
            SELECT i.kb_id FROM unnest(?::smallint[], ?::text[]) AS i (kb_partition, kb_id)
            WHERE NOT EXISTS (SELECT 1 FROM {kb} k WHERE k.kb_partition = i.kb_partition AND k.kb_id = i.kb_id)
            """;

    /** The floors are locked, as they are now, before anything is inserted, because the insertion reads the lock's rows. */
    private static final String ENROLL = """
            WITH input AS (SELECT * FROM unnest(?::smallint[], ?::text[]) AS i (kb_partition, kb_id)),
            locked AS (
              SELECT kb_partition, version FROM {floor} WHERE kb_partition IN (SELECT kb_partition FROM input)
              ORDER BY kb_partition FOR SHARE),
            enrolled AS (
              INSERT INTO {kb} (kb_partition, kb_id, version)
              SELECT i.kb_partition, i.kb_id, ? FROM input i JOIN locked l ON l.kb_partition = i.kb_partition
              ORDER BY i.kb_partition, i.kb_id
              ON CONFLICT DO NOTHING
              RETURNING kb_partition, kb_id, version),
            late AS (
              INSERT INTO {attempt} (kb_partition, kb_id, version, failures, failed_us, due_us, set_aside)
              SELECT e.kb_partition, e.kb_id, e.version + 1, 0, 0, 0, 0
              FROM enrolled e JOIN locked l ON l.kb_partition = e.kb_partition WHERE e.version < l.version
              ON CONFLICT (kb_partition, kb_id) DO UPDATE SET version = excluded.version, failures = 0, error = NULL,
                failed_us = 0, due_us = 0, set_aside = 0, checkpoint = NULL)
            SELECT kb_id FROM enrolled
            """;

    private static final String FIND = """
            SELECT k.kb_partition, k.kb_id, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM unnest(?::smallint[], ?::text[]) AS i (kb_partition, kb_id)
            JOIN {kb} k ON k.kb_partition = i.kb_partition AND k.kb_id = i.kb_id
            LEFT JOIN {attempt} a ON a.kb_partition = i.kb_partition AND a.kb_id = i.kb_id
            """;

    /**
     * One partition after the other, each in the order of its ids, until there are enough. The limit of each is a subquery, so
     * that a partition is read in the order of the index, and not sorted, whatever the planner thinks of its size.
     */
    private static final String PAGE = """
            SELECT l.*
            FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
            CROSS JOIN LATERAL (
              SELECT k.kb_partition, k.kb_id, k.version, a.version AS attempted, a.failures, a.error, a.failed_us, a.due_us,
                a.set_aside, CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL::text
              FROM {kb} k {join} {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
              WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                AND k.version < ? AND {selected}
              ORDER BY k.kb_id
              LIMIT (SELECT ?::integer)) l
            LIMIT ?
            """;

    /**
     * The due KBs, if nothing is on record in those partitions, which is mostly so: then all are due, and there is nothing to
     * join, which is most of what a page costs. It is a statement of its own so that the other is planned when there is something
     * to join, and not for an empty table. One row, its columns as arrays: rows of their own cost both sides more.
     */
    private static final String PAGE_OF_UNRECORDED = """
            WITH recorded AS (
              SELECT count(l.first) > 0 AS found FROM unnest(?::smallint[]) AS p (kb_partition)
              CROSS JOIN LATERAL (SELECT min(a.kb_id) AS first FROM {attempt} a WHERE a.kb_partition = p.kb_partition) l)
            SELECT (SELECT found FROM recorded), array_agg(page.kb_partition::integer), array_agg(page.kb_id), array_agg(page.version)
            FROM (
              SELECT l.kb_partition, l.kb_id, l.version
              FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
              CROSS JOIN LATERAL (
                SELECT k.kb_partition, k.kb_id, k.version
                FROM {kb} k
                WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                  AND k.version < ?
                ORDER BY k.kb_id
                LIMIT (SELECT ?::integer)) l
              WHERE NOT (SELECT found FROM recorded)
              LIMIT ?) page
            """;

    /** To read so many one after the other is nothing beside a page or a batch. */
    private static final int FEW_RECORDS = 256;

    private final Database database;
    private final Statements statements;
    private final Dialect dialect;

    /** What was on record at the last look. */
    private volatile int recordsSeen;

    PostgresStateSql(Database database, Dialect dialect) {
        super(database, dialect, "", "");
        this.database = database;
        this.dialect = dialect;
        this.statements = new Statements(database, dialect);
    }

    @Override
    public Snapshot look(Heartbeat self) {
        String floors = self.thorough() ? LookRows.LOWEST_VERSIONS : LookRows.STORED_FLOORS;
        String look = statements.sql(LOOK.replace("{floors}", floors));
        return database.autocommit("look at the shared state", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(look)) {
                statement.setString(1, self.replicaId());
                statement.setString(2, self.node());
                statement.setString(3, self.build());
                statement.setLong(4, self.newestVersion());
                statement.setInt(5, self.ready() ? 1 : 0);
                int index = LookRows.bindDue(statement, 6, self);
                statement.setString(index, self.replicaId());
                try (ResultSet rows = statement.executeQuery()) {
                    Snapshot snapshot = LookRows.read(rows);
                    recordsSeen = snapshot.recordCounts().stream()
                            .mapToInt(count -> count.due() + count.waiting() + count.setAside())
                            .sum();
                    return snapshot;
                }
            }
        });
    }

    @Override
    public Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes) {
        return database.autocommit("open epochs", connection -> {
            Map<Integer, Epoch> opened = new HashMap<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(OPEN_EPOCHS))) {
                statement.setArray(1, PostgresArrays.smallints(connection, scopes));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        opened.put(rows.getInt(1), new Epoch(rows.getInt(1), rows.getLong(2)));
                    }
                }
            }
            if (opened.size() < scopes.size()) {
                throw new Database.TablesMissing();
            }
            return opened;
        });
    }

    @Override
    public Set<String> enroll(SortedSet<Key> keys, long version) {
        return database.autocommit("enrol KBs", connection -> {
            SortedSet<Key> absent = absent(connection, keys);
            return absent.isEmpty() ? Set.of() : enroll(connection, absent, version);
        });
    }

    private SortedSet<Key> absent(Connection connection, SortedSet<Key> keys) throws SQLException {
        SortedSet<Key> absent = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(ABSENT))) {
            PostgresArrays.bindKeys(connection, statement, 1, keys);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    absent.add(Key.of(rows.getString(1)));
                }
            }
        }
        return absent;
    }

    @Override
    public Set<String> enroll(Connection connection, SortedSet<Key> keys, long version) throws SQLException {
        Set<String> enrolled = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(ENROLL))) {
            int index = PostgresArrays.bindKeys(connection, statement, 1, keys);
            statement.setLong(index, version);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    enrolled.add(rows.getString(1));
                }
            }
        }
        return enrolled;
    }

    @Override
    public Map<String, KbState> find(SortedSet<Key> keys) {
        return database.autocommit("read KBs", connection -> {
            Map<String, KbState> found = new HashMap<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(FIND))) {
                PostgresArrays.bindKeys(connection, statement, 1, keys);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        KbState kb = KbRows.read(rows, dialect);
                        found.put(kb.kbId(), kb);
                    }
                }
            }
            return found;
        });
    }

    @Override
    public Page page(PageQuery request) {
        SortedSet<Integer> partitions = new TreeSet<>(request.partitions());
        KbRows.Position after = KbRows.Position.of(request.after());
        SortedSet<Integer> rest = after == null ? partitions : partitions.tailSet(after.partition());
        String above = after != null && rest.first() == after.partition() ? after.kbId() : "";
        return database.autocommit("list KBs", connection -> {
            List<KbState> kbs = null;
            if (request.selection() == PageQuery.Selection.DUE) {
                kbs = unrecorded(connection, request, rest, above);
            }
            return KbRows.page(kbs == null ? any(connection, request, rest, above) : kbs, request.limit());
        });
    }

    /**
     * The statement, under another text when there is more than little on record. The server keeps the plan that it made for a text,
     * and one that was made for an empty table reads all of it for each batch when it is not empty any more. One that was made
     * for some hundred rows goes by the index, and so can be kept.
     */
    private String planned(String template) {
        return statements.sql(template) + (recordsSeen < FEW_RECORDS ? "-- few on record" : "-- many on record");
    }

    private @Nullable List<KbState> unrecorded(
            Connection connection, PageQuery request, SortedSet<Integer> partitions, String above) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(planned(PAGE_OF_UNRECORDED))) {
            Array wanted = PostgresArrays.smallints(connection, partitions);
            statement.setArray(1, wanted);
            bindLimits(statement, bindPage(statement, 2, wanted, above, request), request);
            try (ResultSet rows = statement.executeQuery()) {
                return unrecorded(rows);
            }
        }
    }

    private static @Nullable List<KbState> unrecorded(ResultSet rows) throws SQLException {
        rows.next();
        if (rows.getBoolean(1)) {
            return null;
        }
        Array partitions = rows.getArray(2);
        if (partitions == null) {
            return List.of();
        }
        String[] kbIds = (String[]) rows.getArray(3).getArray();
        Long[] versions = (Long[]) rows.getArray(4).getArray();
        return unrecorded((Integer[]) partitions.getArray(), kbIds, versions);
    }

    static List<KbState> unrecorded(Integer[] partitions, String[] kbIds, Long[] versions) {
        List<KbState> kbs = new ArrayList<>(kbIds.length);
        int before = 0;
        for (int i = 0; i < kbIds.length; i++) {
            before = inOrder(before, partitions[i]);
            kbs.add(new KbState(kbIds[i], versions[i], null));
        }
        return kbs;
    }

    private List<KbState> any(Connection connection, PageQuery request, SortedSet<Integer> partitions, String above)
            throws SQLException {
        String sql =
                planned(PAGE.replace("{join}", KbRows.join(request)).replace("{selected}", KbRows.selected(request)));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Array wanted = PostgresArrays.smallints(connection, partitions);
            int index = bindPage(statement, 1, wanted, above, request);
            bindLimits(statement, KbRows.bindSelected(statement, index, request), request);
            List<KbState> kbs = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                for (int before = 0; rows.next(); before = inOrder(before, rows.getInt(1))) {
                    kbs.add(KbRows.read(rows, dialect));
                }
            }
            return kbs;
        }
    }

    private static int bindPage(
            PreparedStatement statement, int from, Array partitions, String above, PageQuery request)
            throws SQLException {
        statement.setArray(from, partitions);
        statement.setString(from + 1, above);
        statement.setLong(from + 2, request.belowVersion());
        return from + 3;
    }

    private static void bindLimits(PreparedStatement statement, int from, PageQuery request) throws SQLException {
        statement.setInt(from, request.limit());
        statement.setInt(from + 1, request.limit());
    }

    /** The page's cursor is its last KB: a row out of order would lose others. SQL does not promise the order, the plan does. */
    static int inOrder(int before, int partition) {
        if (partition < before) {
            throw new StateStoreException("the database lists partition " + partition + " after " + before
                    + ", out of the order that was asked for: report this with its version");
        }
        return partition;
    }

    @Override
    public WriteResult write(List<Epoch> epochs, List<KbWrite> writes) {
        PostgresWrites batch = new PostgresWrites(writes);
        Database.Work<PostgresWrites.Outcome> send =
                connection -> batch.send(connection, statements::sql, this::planned, epochs);
        PostgresWrites.Outcome outcome = batch.isMixed()
                ? database.transaction("write a batch", send)
                : database.autocommit("write a batch", send);
        if (outcome.current() < epochs.size()) {
            return WriteResult.refused(staleNow(epochs));
        }
        return outcome.missed().isEmpty() ? WriteResult.ALL_DONE : new WriteResult(Set.of(), why(outcome.missed()));
    }

    private Set<Integer> staleNow(List<Epoch> epochs) {
        return database.autocommit("read epochs", connection -> fence().stale(connection, epochs));
    }

    private Map<String, NotDone> why(List<String> kbIds) {
        Map<String, KbState> stored = find(Key.sorted(kbIds));
        Map<String, NotDone> reasons = new HashMap<>();
        for (String kbId : kbIds) {
            KbState kb = stored.get(kbId);
            reasons.put(kbId, kb == null ? new WriteResult.Gone() : new WriteResult.Stale(kb.version()));
        }
        return reasons;
    }

    @Override
    public FloorSql floors() {
        return new PostgresFloorSql(database, statements);
    }

    @Override
    public DocumentSql documents() {
        return new PostgresDocumentSql(database, statements);
    }
}
