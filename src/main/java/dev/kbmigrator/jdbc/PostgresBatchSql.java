package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch of writes on PostgreSQL: one statement, with its columns as arrays and the fence inside. The lock on the epoch's row
 * is taken together with the current number and held until the commit. A mixed batch, in which some KBs advance and others do
 * not, is two statements in a transaction. The SPI allows it, but the engine never sends one.
 */
final class PostgresBatchSql {

    /**
     * The usual batch: every KB advances, and their partitions have no records. If there are records, the statement writes
     * nothing and says so. The KBs of a partition that advance between the same versions are one group, so that one descent of
     * the index finds all of them. The arrays are subqueries, so that the planner does not see their length. A plan for this
     * batch then seems no better than a plan for any batch, and the server keeps the latter.
     *
     * <p>Incarnations are compared with those of the whole batch: no other KB has had the same one. The list of them is hashed
     * once. Without IS TRUE, the planner would make it a join, and look for another order of the joins.
     */
    private static final String ADVANCE = """
            WITH fence AS (
              SELECT e.scope FROM {epoch} e
              JOIN unnest((SELECT ?::smallint[]), (SELECT ?::bigint[])) AS c (scope, number)
                ON c.scope = e.scope AND c.number = e.number
              ORDER BY e.scope FOR SHARE OF e),
            input AS MATERIALIZED (
              SELECT g.kb_partition, g.seen, g.goal, (a.kb_ids)[g.first:g.last] AS kb_ids
              FROM unnest((SELECT ?::smallint[]), (SELECT ?::bigint[]), (SELECT ?::bigint[]), (SELECT ?::integer[]),
                  (SELECT ?::integer[]))
                AS g (kb_partition, seen, goal, first, last)
              CROSS JOIN (SELECT ?::text[] AS kb_ids) a),
            recorded AS MATERIALIZED (
              SELECT count(l.first) > 0 AS found FROM input i
              CROSS JOIN LATERAL (SELECT min(a.kb_id) AS first FROM {attempt} a WHERE a.kb_partition = i.kb_partition) l),
            moved AS (
              UPDATE {kb} k SET version = i.goal FROM input i
              WHERE k.kb_partition = i.kb_partition AND k.kb_id = ANY (i.kb_ids) AND k.version = i.seen
                AND (k.incarnation IN (SELECT meant FROM unnest((SELECT ?::bigint[])) AS m (meant))) IS TRUE
                AND (SELECT count(*) FROM fence) = ? AND NOT (SELECT found FROM recorded)
              RETURNING k.kb_partition, k.kb_id)
            SELECT (SELECT count(*) FROM fence),
              CASE WHEN (SELECT count(*) FROM moved) < (SELECT sum(cardinality(kb_ids)) FROM input) THEN
                (SELECT array_agg(one.kb_id) FROM input i CROSS JOIN unnest(i.kb_ids) AS one (kb_id)
                 WHERE NOT EXISTS (
                   SELECT 1 FROM moved m WHERE m.kb_partition = i.kb_partition AND m.kb_id = one.kb_id)) END,
              (SELECT found FROM recorded)
            """;

    /**
     * The same for partitions with records. Deletes a KB's record, unless the KB is still below its partition's floor: the
     * current floor is locked wherever there is a record. This is a statement of its own, so that it is planned when there are
     * records, and not for an empty table.
     */
    private static final String ADVANCE_RECORDED = """
            WITH fence AS (
              SELECT e.scope FROM {epoch} e
              JOIN unnest(?::smallint[], ?::bigint[]) AS c (scope, number) ON c.scope = e.scope AND c.number = e.number
              ORDER BY e.scope FOR SHARE OF e),
            input AS MATERIALIZED (
              SELECT g.kb_partition, g.seen, g.goal, (a.kb_ids)[g.first:g.last] AS kb_ids
              FROM unnest(?::smallint[], ?::bigint[], ?::bigint[], ?::integer[], ?::integer[])
                AS g (kb_partition, seen, goal, first, last)
              CROSS JOIN (SELECT ?::text[] AS kb_ids) a),
            moved AS (
              UPDATE {kb} k SET version = i.goal FROM input i
              WHERE k.kb_partition = i.kb_partition AND k.kb_id = ANY (i.kb_ids) AND k.version = i.seen
                AND (k.incarnation IN (SELECT meant FROM unnest(?::bigint[]) AS m (meant))) IS TRUE
                AND (SELECT count(*) FROM fence) = ?
              RETURNING k.kb_partition, k.kb_id, i.goal),
            attempted AS MATERIALIZED (
              SELECT a.kb_partition, a.kb_id FROM input i
              JOIN {attempt} a ON a.kb_partition = i.kb_partition AND a.kb_id = ANY (i.kb_ids)),
            recorded AS MATERIALIZED (
              SELECT m.kb_partition, m.kb_id, m.goal FROM attempted a
              JOIN moved m ON m.kb_partition = a.kb_partition AND m.kb_id = a.kb_id),
            floors AS (
              SELECT f.kb_partition, f.version FROM {floor} f WHERE f.kb_partition IN (SELECT kb_partition FROM recorded)
              ORDER BY f.kb_partition FOR SHARE),
            cleared AS (
              DELETE FROM {attempt} a USING recorded m JOIN floors f ON f.kb_partition = m.kb_partition
              WHERE a.kb_partition = m.kb_partition AND a.kb_id = m.kb_id AND m.goal >= f.version),
            kept AS (
              UPDATE {attempt} a SET version = m.goal + 1, failures = 0, error = NULL, failed_us = 0, due_us = 0,
                set_aside = 0, checkpoint = NULL
              FROM recorded m JOIN floors f ON f.kb_partition = m.kb_partition
              WHERE a.kb_partition = m.kb_partition AND a.kb_id = m.kb_id AND m.goal < f.version)
            SELECT (SELECT count(*) FROM fence),
              CASE WHEN (SELECT count(*) FROM moved) < (SELECT sum(cardinality(kb_ids)) FROM input) THEN
                (SELECT array_agg(one.kb_id) FROM input i CROSS JOIN unnest(i.kb_ids) AS one (kb_id)
                 WHERE NOT EXISTS (
                   SELECT 1 FROM moved m WHERE m.kb_partition = i.kb_partition AND m.kb_id = one.kb_id)) END,
              FALSE
            """;

    /**
     * Stores failures and checkpoints. Reads no record that exists already, so that the plan does not depend on how many there
     * are. A row of the input without an attempted version is only locked. A row with a checkpoint saves it. Any other row is
     * a failure.
     */
    private static final String RECORD = """
            WITH clock AS (SELECT {now} AS us),
            fence AS (
              SELECT e.scope FROM {epoch} e
              JOIN unnest(?::smallint[], ?::bigint[]) AS c (scope, number) ON c.scope = e.scope AND c.number = e.number
              ORDER BY e.scope FOR SHARE OF e),
            input AS (
              SELECT * FROM unnest(?::smallint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[],
                  ?::bigint[], ?::text[])
                AS i (kb_partition, kb_id, incarnation, seen, attempted, failures, error, delay_us, checkpoint)),
            locked AS (
              SELECT i.* FROM {kb} k JOIN input i ON k.kb_partition = i.kb_partition AND k.kb_id = i.kb_id
              WHERE k.incarnation = i.incarnation AND k.version = i.seen AND (SELECT count(*) FROM fence) = ?
              ORDER BY i.kb_partition, i.kb_id
              FOR NO KEY UPDATE OF k),
            recorded AS (
              INSERT INTO {attempt} AS a
                (kb_partition, kb_id, version, failures, error, failed_us, due_us, set_aside, checkpoint)
              SELECT l.kb_partition, l.kb_id, l.attempted, l.failures, l.error,
                CASE WHEN l.checkpoint IS NULL THEN c.us ELSE 0 END,
                CASE WHEN l.checkpoint IS NULL AND l.delay_us IS NOT NULL THEN c.us + l.delay_us ELSE 0 END,
                CASE WHEN l.checkpoint IS NULL AND l.delay_us IS NULL THEN 1 ELSE 0 END,
                l.checkpoint
              FROM locked l CROSS JOIN clock c WHERE l.attempted IS NOT NULL
              ON CONFLICT (kb_partition, kb_id) DO UPDATE SET
                version = excluded.version,
                failures = CASE WHEN excluded.checkpoint IS NOT NULL AND a.version = excluded.version
                  THEN a.failures ELSE excluded.failures END,
                error = CASE WHEN excluded.checkpoint IS NOT NULL AND a.version = excluded.version
                  THEN a.error ELSE excluded.error END,
                failed_us = CASE WHEN excluded.checkpoint IS NOT NULL AND a.version = excluded.version
                  THEN a.failed_us ELSE excluded.failed_us END,
                due_us = CASE WHEN excluded.checkpoint IS NOT NULL AND a.version = excluded.version
                  THEN a.due_us ELSE excluded.due_us END,
                set_aside = CASE WHEN excluded.checkpoint IS NOT NULL AND a.version = excluded.version
                  THEN a.set_aside ELSE excluded.set_aside END,
                checkpoint = CASE WHEN excluded.checkpoint IS NULL AND a.version = excluded.version
                  THEN a.checkpoint ELSE excluded.checkpoint END)
            SELECT (SELECT count(*) FROM fence),
              CASE WHEN (SELECT count(*) FROM locked) < (SELECT count(*) FROM input) THEN
                (SELECT array_agg(i.kb_id) FROM input i
                 WHERE NOT EXISTS (
                   SELECT 1 FROM locked l WHERE l.kb_partition = i.kb_partition AND l.kb_id = i.kb_id)) END,
              FALSE
            """;

    private final List<Row> rows;
    private final int advancing;

    PostgresBatchSql(List<KbWrite> writes) {
        rows = new ArrayList<>(writes.size());
        int advances = 0;
        for (KbWrite write : writes) {
            Row row = new Row(Partitions.of(write.kbId()), write);
            rows.add(row);
            advances += row.advances() ? 1 : 0;
        }
        advancing = advances;
    }

    private record Row(int partition, KbWrite write) {

        private boolean advances() {
            return write instanceof KbWrite.Advanced;
        }

        private long goal() {
            return ((KbWrite.Advanced) write).to();
        }

        /** Orders by what the rows of a group have in common: the partition, the version before and the version after. */
        private int compareGroup(Row other) {
            int byPartition = Integer.compare(partition, other.partition);
            int bySeen = byPartition != 0 ? byPartition : Long.compare(write.from(), other.write.from());
            return bySeen != 0 ? bySeen : Long.compare(goal(), other.goal());
        }
    }

    /**
     * What came of a batch.
     *
     * @param current how many epochs were current
     * @param missed the KBs that were not written
     * @param recorded whether nothing was written because there are records
     */
    record Outcome(int current, List<String> missed, boolean recorded) {}

    /** Whether the batch takes two statements, and so needs a transaction. */
    boolean isMixed() {
        return advancing > 0 && advancing < rows.size();
    }

    /** Writes what can be written, if all epochs are current. */
    Outcome send(Connection connection, Statements statements, PostgresPlans plans, List<Epoch> epochs)
            throws SQLException {
        if (advancing < rows.size()) {
            Outcome outcome = send(connection, statements.sql(RECORD), epochs, this::bindColumns);
            if (isMixed()) {
                // All KBs are locked now, in order, so that overlapping batches cannot deadlock
                send(connection, plans.sql(ADVANCE_RECORDED), epochs, this::bindGroups);
            }
            return outcome;
        }
        Outcome outcome = send(connection, plans.sql(ADVANCE), epochs, this::bindGroups);
        return outcome.recorded() ? send(connection, plans.sql(ADVANCE_RECORDED), epochs, this::bindGroups) : outcome;
    }

    /** Binds the batch; returns the index of the next parameter. */
    private interface Binding {
        int bind(Connection connection, PreparedStatement statement, int from) throws SQLException;
    }

    private static Outcome send(Connection connection, String sql, List<Epoch> epochs, Binding binding)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int index = PostgresArrays.bindEpochs(connection, statement, epochs);
            statement.setInt(binding.bind(connection, statement, index), epochs.size());
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                Array missed = rows.getArray(2);
                return new Outcome(
                        rows.getInt(1),
                        missed == null ? List.of() : List.of((String[]) missed.getArray()),
                        rows.getBoolean(3));
            }
        }
    }

    /** For each group its partition, version before, version after, and the places of its first and last id; then the ids and incarnations. */
    private int bindGroups(Connection connection, PreparedStatement statement, int from) throws SQLException {
        List<Row> grouped = new ArrayList<>(rows);
        grouped.removeIf(row -> !row.advances());
        // Pages are sorted, so that the batch mostly is too, and this sort is quick
        grouped.sort(Row::compareGroup);
        List<Integer> starts = starts(grouped);
        int groups = starts.size();
        Short[] partitions = new Short[groups];
        Long[] seen = new Long[groups];
        Long[] goals = new Long[groups];
        Integer[] first = new Integer[groups];
        Integer[] last = new Integer[groups];
        for (int group = 0; group < groups; group++) {
            Row row = grouped.get(starts.get(group));
            partitions[group] = (short) row.partition();
            seen[group] = row.write().from();
            goals[group] = row.goal();
            first[group] = starts.get(group) + 1;
            last[group] = group + 1 < groups ? starts.get(group + 1) : grouped.size();
        }
        statement.setArray(from, connection.createArrayOf("int2", partitions));
        statement.setArray(from + 1, connection.createArrayOf("int8", seen));
        statement.setArray(from + 2, connection.createArrayOf("int8", goals));
        statement.setArray(from + 3, connection.createArrayOf("int4", first));
        statement.setArray(from + 4, connection.createArrayOf("int4", last));
        statement.setArray(from + 5, connection.createArrayOf("text", kbIds(grouped)));
        statement.setArray(from + 6, connection.createArrayOf("int8", incarnations(grouped)));
        return from + 7;
    }

    // What goes through all KBs of a batch is in short methods of its own: the JIT compiler compiles them soon

    /** Where each group starts. */
    private static List<Integer> starts(List<Row> grouped) {
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < grouped.size(); i++) {
            if (i == 0 || grouped.get(i).compareGroup(grouped.get(i - 1)) != 0) {
                starts.add(i);
            }
        }
        return starts;
    }

    private static String[] kbIds(List<Row> rows) {
        String[] kbIds = new String[rows.size()];
        for (int i = 0; i < kbIds.length; i++) {
            kbIds[i] = rows.get(i).write().kbId();
        }
        return kbIds;
    }

    private static Long[] incarnations(List<Row> rows) {
        Long[] incarnations = new Long[rows.size()];
        for (int i = 0; i < incarnations.length; i++) {
            incarnations[i] = rows.get(i).write().incarnation();
        }
        return incarnations;
    }

    /** For each KB its key, incarnation, version before, attempted version, failures, error, delay in microseconds, and checkpoint. */
    private int bindColumns(Connection connection, PreparedStatement statement, int from) throws SQLException {
        int size = rows.size();
        Short[] partitions = new Short[size];
        Long[] seen = new Long[size];
        @Nullable Long[] attempted = new Long[size];
        @Nullable Long[] failures = new Long[size];
        @Nullable String[] errors = new String[size];
        @Nullable Long[] delays = new Long[size];
        @Nullable String[] checkpoints = new String[size];
        for (int i = 0; i < size; i++) {
            KbWrite write = rows.get(i).write();
            partitions[i] = (short) rows.get(i).partition();
            seen[i] = write.from();
            if (write instanceof KbWrite.Failed failed) {
                attempted[i] = failed.version();
                failures[i] = (long) failed.failures();
                errors[i] = failed.error();
                delays[i] =
                        failed.retryAfter() == null ? null : failed.retryAfter().toNanos() / 1_000;
            } else if (write instanceof KbWrite.Checkpointed saved) {
                attempted[i] = saved.version();
                failures[i] = 0L;
                checkpoints[i] = saved.checkpoint();
            }
        }
        int next = PostgresArrays.bindKeys(connection, statement, from, partitions, kbIds(rows));
        statement.setArray(next, connection.createArrayOf("int8", incarnations(rows)));
        statement.setArray(next + 1, connection.createArrayOf("int8", seen));
        statement.setArray(next + 2, connection.createArrayOf("int8", attempted));
        statement.setArray(next + 3, connection.createArrayOf("int8", failures));
        statement.setArray(next + 4, connection.createArrayOf("text", errors));
        statement.setArray(next + 5, connection.createArrayOf("int8", delays));
        statement.setArray(next + 6, connection.createArrayOf("text", checkpoints));
        return next + 7;
    }
}
