package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.NotDone;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The statements for PostgreSQL. A frequent call is one statement, with lists as arrays and the fence inside. The statement is
 * a transaction of its own: its lock on the epoch's row is taken together with the current number and held until the commit.
 * So {@code openEpochs} waits for it, and a client that stops leaves no transaction open.
 */
final class PostgresStateSql extends StateSql {

    private static final String LOOK = """
            WITH clock AS (SELECT {now} AS us){news},
            beat AS ({beat})
            SELECT 'clock', us, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
              ''::text, ''::text, ''::text, ''::text, 0::bigint FROM clock
            UNION ALL
            SELECT 'document', revision, 0, 0, 0, 0, 0, name, json, '', '', 0 FROM {document}
            WHERE name >= 'now/' AND name < 'now0'
            UNION ALL
            SELECT 'floor', f.kb_partition, f.version, 0, 0, 0, 0, '', '', '', '', 0 FROM ({floors}) f
            UNION ALL
            SELECT 'attempt', d.kb_partition, d.version, count(*) FILTER (WHERE d.due),
              count(*) FILTER (WHERE NOT d.due AND d.set_aside = 0), count(*) FILTER (WHERE d.set_aside = 1),
              coalesce(min(d.due_us) FILTER (WHERE NOT d.due AND d.set_aside = 0), 9223372036854775807), '', '', '', '',
              count(*) FILTER (WHERE d.failing AND d.set_aside = 0)
            FROM (
              SELECT a.kb_partition, a.version, a.set_aside, a.due_us, a.failures > 0 OR a.error IS NOT NULL AS failing,
                a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN c.us ELSE -1 END OR a.failed_us < ?) AS due
              FROM {attempt} a CROSS JOIN clock c) d
            GROUP BY d.kb_partition, d.version
            UNION ALL
            SELECT 'replica', newest_version, ready, first_seen_us, last_seen_us, baseline, 0, replica_id, node, build, fleet, 0
            FROM beat{others}
            """;

    /** In place of {@code {beat}} in the look of a replica, which announces itself. */
    private static final String ANNOUNCE = """
            INSERT INTO {replica} (replica_id, node, build, fleet, newest_version, baseline, ready, first_seen_us, last_seen_us)
              SELECT ?, ?, ?, ?, ?, ?, ?, us, us FROM clock
              ON CONFLICT (replica_id) DO UPDATE SET node = excluded.node, build = excluded.build, fleet = excluded.fleet,
                newest_version = excluded.newest_version, baseline = excluded.baseline, ready = excluded.ready,
                last_seen_us = excluded.last_seen_us
              RETURNING *""";

    /** In place of {@code {others}} in the look of a replica: it does not see its own row as it has just been written. */
    private static final String OTHERS = """

            UNION ALL
            SELECT 'replica', newest_version, ready, first_seen_us, last_seen_us, baseline, 0, replica_id, node, build, fleet, 0
            FROM {replica} WHERE replica_id <> ?""";

    /** In place of {@code {news}} in the look of a replica that has something new to report. */
    private static final String REPORT = """
            ,
            report AS (
              INSERT INTO {report} (replica_id, json, reported_us) SELECT ?, ?, us FROM clock
              ON CONFLICT (replica_id) DO UPDATE SET json = excluded.json, reported_us = excluded.reported_us)""";

    /** In place of {@code {beat}} in the look of an observer, which writes nothing. */
    private static final String OBSERVE = "SELECT * FROM {replica}";

    /** Waits for nobody: a writer holds the row only for a moment, after which this is tried again. */
    private static final String OPEN_EPOCHS = """
            WITH locked AS (SELECT scope FROM {epoch} WHERE scope = ANY (?) ORDER BY scope FOR UPDATE NOWAIT)
            UPDATE {epoch} e SET number = e.number + 1 FROM locked l WHERE e.scope = l.scope
            RETURNING e.scope, e.number
            """;

    private static final String ABSENT = """
            SELECT i.kb_id FROM unnest(?::smallint[], ?::text[]) AS i (kb_partition, kb_id)
            WHERE NOT EXISTS (SELECT 1 FROM {kb} k WHERE k.kb_partition = i.kb_partition AND k.kb_id = i.kb_id)
            """;

    /** Locks the current floors before it inserts anything, because the insertion reads the rows that the lock returns. */
    private static final String ENROLL = """
            WITH input AS (
              SELECT * FROM unnest(?::smallint[], ?::text[], ?::bigint[]) AS i (kb_partition, kb_id, incarnation)),
            locked AS (
              SELECT kb_partition, version FROM {floor} WHERE kb_partition IN (SELECT kb_partition FROM input)
              ORDER BY kb_partition FOR SHARE),
            enrolled AS (
              INSERT INTO {kb} (kb_partition, kb_id, incarnation, version)
              SELECT i.kb_partition, i.kb_id, i.incarnation, ? FROM input i JOIN locked l ON l.kb_partition = i.kb_partition
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
            SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version, a.failures, a.error, a.failed_us, a.due_us, a.set_aside,
              CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, a.checkpoint
            FROM unnest(?::smallint[], ?::text[]) AS i (kb_partition, kb_id)
            JOIN {kb} k ON k.kb_partition = i.kb_partition AND k.kb_id = i.kb_id
            LEFT JOIN {attempt} a ON a.kb_partition = i.kb_partition AND a.kb_id = i.kb_id
            """;

    private final Database database;
    private final Statements statements;
    private final PostgresPlans plans;
    private final PostgresPageSql pages;

    PostgresStateSql(Database database, TableLocation tables) {
        this(database, new Statements(tables));
    }

    private PostgresStateSql(Database database, Statements statements) {
        super(
                database,
                statements,
                new PostgresFloorSql(database, statements),
                new PostgresDocumentSql(database, statements));
        this.database = database;
        this.statements = statements;
        this.plans = new PostgresPlans(statements);
        this.pages = new PostgresPageSql(database, statements.dialect(), plans);
    }

    @Override
    Snapshot look(Heartbeat heartbeat) {
        String look = statements.sql(template(heartbeat));
        return database.autocommit("look at the fleet state", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(look)) {
                bind(statement, heartbeat);
                try (ResultSet rows = statement.executeQuery()) {
                    Snapshot snapshot = SnapshotRows.read(rows);
                    plans.observe(snapshot);
                    return snapshot;
                }
            }
        });
    }

    private static String template(Heartbeat heartbeat) {
        String look = SnapshotRows.withFloors(LOOK, heartbeat);
        if (heartbeat.observer()) {
            return look.replace("{news}", "").replace("{beat}", OBSERVE).replace("{others}", "");
        }
        return look.replace("{news}", heartbeat.report() == null ? "" : REPORT)
                .replace("{beat}", ANNOUNCE)
                .replace("{others}", OTHERS);
    }

    private static void bind(PreparedStatement statement, Heartbeat heartbeat) throws SQLException {
        if (heartbeat.observer()) {
            Statements.bind(statement, 1, heartbeat.due());
            return;
        }
        int index = 1;
        if (heartbeat.report() != null) {
            index = SnapshotRows.bindReport(statement, index, heartbeat);
        }
        index = SnapshotRows.bindReplica(statement, index, heartbeat.self());
        index = Statements.bind(statement, index, heartbeat.due());
        statement.setString(index, heartbeat.self().replicaId());
    }

    @Override
    Map<Integer, Epoch> openEpochs(SortedSet<Integer> scopes) {
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
                throw new Tables.Incomplete();
            }
            return opened;
        });
    }

    @Override
    Set<String> enroll(SortedSet<KbKey> keys, long version) {
        return database.autocommit("enrol KBs", connection -> {
            SortedSet<KbKey> absent = absent(connection, keys);
            return absent.isEmpty() ? Set.of() : enroll(connection, absent, version);
        });
    }

    private SortedSet<KbKey> absent(Connection connection, SortedSet<KbKey> keys) throws SQLException {
        SortedSet<KbKey> absent = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(ABSENT))) {
            PostgresArrays.bindKeys(connection, statement, 1, keys);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    absent.add(KbKey.of(rows.getString(1)));
                }
            }
        }
        return absent;
    }

    @Override
    Set<String> enroll(Connection connection, SortedSet<KbKey> keys, long version) throws SQLException {
        Set<String> enrolled = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(ENROLL))) {
            int index = PostgresArrays.bindKeys(connection, statement, 1, keys);
            Long[] incarnations =
                    Stream.generate(UniqueNumbers::next).limit(keys.size()).toArray(Long[]::new);
            statement.setArray(index, connection.createArrayOf("int8", incarnations));
            statement.setLong(index + 1, version);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    enrolled.add(rows.getString(1));
                }
            }
        }
        return enrolled;
    }

    @Override
    Map<String, KbState> find(SortedSet<KbKey> keys) {
        return database.read("read KBs", connection -> {
            Map<String, KbState> found = new HashMap<>();
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(FIND))) {
                PostgresArrays.bindKeys(connection, statement, 1, keys);
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        KbState kb = KbStateRows.read(rows, statements.dialect());
                        found.put(kb.kbId(), kb);
                    }
                }
            }
            return found;
        });
    }

    @Override
    Page page(PageQuery query) {
        return pages.page(query);
    }

    @Override
    WriteResult write(List<Epoch> epochs, List<KbWrite> writes) {
        PostgresBatchSql batch = new PostgresBatchSql(writes);
        Database.Work<PostgresBatchSql.Outcome, SQLException> send =
                connection -> batch.send(connection, statements, plans, epochs);
        PostgresBatchSql.Outcome outcome = batch.isMixed()
                ? database.transaction("write a batch", send)
                : database.autocommit("write a batch", send);
        if (outcome.current() < epochs.size()) {
            return WriteResult.refused(staleScopes(epochs));
        }
        return outcome.missed().isEmpty()
                ? WriteResult.ALL_DONE
                : new WriteResult(Set.of(), why(outcome.missed(), writes));
    }

    private Map<String, NotDone> why(List<String> kbIds, List<KbWrite> writes) {
        Map<String, KbWrite> missed = writes.stream().collect(Collectors.toMap(KbWrite::kbId, Function.identity()));
        Map<String, KbState> stored = find(KbKey.sorted(kbIds));
        Map<String, NotDone> reasons = new HashMap<>();
        for (String kbId : kbIds) {
            KbState kb = stored.get(kbId);
            long meant = Objects.requireNonNull(missed.get(kbId)).incarnation();
            reasons.put(
                    kbId,
                    kb == null || kb.incarnation() != meant
                            ? new WriteResult.Gone()
                            : new WriteResult.Stale(kb.version()));
        }
        return reasons;
    }
}
