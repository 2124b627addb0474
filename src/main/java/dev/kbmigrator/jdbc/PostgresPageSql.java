package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Lists KBs on PostgreSQL: one partition after the other, each in the order of its ids, until there are enough. The limit of
 * each partition is a subquery, so that a partition is read in the order of the index, and not sorted, whatever the planner
 * assumes about its size.
 */
final class PostgresPageSql {

    /** All KBs below a version. */
    private static final String PAGE_OF_ALL = """
            SELECT l.*
            FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
            CROSS JOIN LATERAL (
              SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version AS attempted, a.failures, a.error, a.failed_us, a.due_us,
                a.set_aside, CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL::text
              FROM {kb} k LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
              WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                AND k.version < ?
              ORDER BY k.kb_id
              LIMIT (SELECT ?::integer)) l
            LIMIT ?
            """;

    /** The KBs below a version that fail. They are found through the few records, not through all KBs. */
    private static final String PAGE_OF_FAILING = """
            SELECT l.*
            FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
            CROSS JOIN LATERAL (
              SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version AS attempted, a.failures, a.error, a.failed_us, a.due_us,
                a.set_aside, CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL::text
              FROM {kb} k JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
              WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                AND k.version < ? AND (a.failures > 0 OR a.error IS NOT NULL OR a.set_aside = 1)
              ORDER BY k.kb_id
              LIMIT (SELECT ?::integer)) l
            LIMIT ?
            """;

    /** The KBs below a version that are due. */
    private static final String PAGE_OF_DUE = """
            SELECT l.*
            FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
            CROSS JOIN LATERAL (
              SELECT k.kb_partition, k.kb_id, k.incarnation, k.version, a.version AS attempted, a.failures, a.error, a.failed_us, a.due_us,
                a.set_aside, CASE WHEN a.checkpoint IS NULL THEN 0 ELSE 1 END, NULL::text
              FROM {kb} k LEFT JOIN {attempt} a ON a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id
              WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                AND k.version < ?
                AND (a.kb_id IS NULL
                  OR (a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN {now} ELSE -1 END OR a.failed_us < ?)))
              ORDER BY k.kb_id
              LIMIT (SELECT ?::integer)) l
            LIMIT ?
            """;

    /**
     * The due KBs, if the partitions have no records, which is the usual case: then all KBs are due, and there is nothing to
     * join, which is most of the cost of a page. This is a statement of its own, so that {@link #PAGE_OF_DUE} is planned when
     * there is something to join, and not for an empty table. It returns one row, with its columns as arrays, because rows of
     * their own cost both sides more.
     */
    private static final String PAGE_WITHOUT_RECORDS = """
            WITH recorded AS (
              SELECT count(l.first) > 0 AS found FROM unnest(?::smallint[]) AS p (kb_partition)
              CROSS JOIN LATERAL (SELECT min(a.kb_id) AS first FROM {attempt} a WHERE a.kb_partition = p.kb_partition) l)
            SELECT (SELECT found FROM recorded), array_agg(page.kb_partition::integer), array_agg(page.kb_id),
              array_agg(page.incarnation), array_agg(page.version)
            FROM (
              SELECT l.kb_partition, l.kb_id, l.incarnation, l.version
              FROM unnest(?::smallint[]) WITH ORDINALITY AS p (kb_partition, place)
              CROSS JOIN LATERAL (
                SELECT k.kb_partition, k.kb_id, k.incarnation, k.version
                FROM {kb} k
                WHERE k.kb_partition = p.kb_partition AND k.kb_id > CASE WHEN p.place = 1 THEN ? ELSE '' END COLLATE "C"
                  AND k.version < ?
                ORDER BY k.kb_id
                LIMIT (SELECT ?::integer)) l
              WHERE NOT (SELECT found FROM recorded)
              LIMIT ?) page
            """;

    private final Database database;
    private final Dialect dialect;
    private final PostgresPlans plans;

    PostgresPageSql(Database database, Dialect dialect, PostgresPlans plans) {
        this.database = database;
        this.dialect = dialect;
        this.plans = plans;
    }

    /** Where a page starts: above an id in the first of the partitions. */
    private record Start(SortedSet<Integer> partitions, String kbId) {

        private static Start of(PageQuery query) {
            SortedSet<Integer> partitions = new TreeSet<>(query.partitions());
            KbKey after = KbKey.of(query.after());
            if (after == null) {
                return new Start(partitions, "");
            }
            SortedSet<Integer> rest = partitions.tailSet(after.partition());
            return new Start(rest, rest.first() == after.partition() ? after.kbId() : "");
        }
    }

    Page page(PageQuery query) {
        Start start = Start.of(query);
        return database.autocommit("list KBs", connection -> {
            List<KbState> kbs = null;
            if (query.selection() == PageQuery.Selection.DUE) {
                kbs = withoutRecords(connection, query, start);
            }
            return KbStateRows.page(kbs == null ? any(connection, query, start) : kbs, query.limit());
        });
    }

    /** Null if the partitions have records. */
    private @Nullable List<KbState> withoutRecords(Connection connection, PageQuery query, Start start)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(plans.sql(PAGE_WITHOUT_RECORDS))) {
            Array partitions = PostgresArrays.smallints(connection, start.partitions());
            statement.setArray(1, partitions);
            bindLimits(statement, bindStart(statement, 2, partitions, start, query), query);
            try (ResultSet rows = statement.executeQuery()) {
                return withoutRecords(rows);
            }
        }
    }

    private static @Nullable List<KbState> withoutRecords(ResultSet rows) throws SQLException {
        rows.next();
        if (rows.getBoolean(1)) {
            return null;
        }
        Array partitions = rows.getArray(2);
        if (partitions == null) {
            return List.of();
        }
        String[] kbIds = (String[]) rows.getArray(3).getArray();
        Long[] incarnations = (Long[]) rows.getArray(4).getArray();
        Long[] versions = (Long[]) rows.getArray(5).getArray();
        return withoutRecords((Integer[]) partitions.getArray(), kbIds, incarnations, versions);
    }

    // A short method of its own: the JIT compiler soon compiles what goes through all KBs of a page
    static List<KbState> withoutRecords(Integer[] partitions, String[] kbIds, Long[] incarnations, Long[] versions) {
        List<KbState> kbs = new ArrayList<>(kbIds.length);
        int before = 0;
        for (int i = 0; i < kbIds.length; i++) {
            before = inOrder(before, partitions[i]);
            kbs.add(new KbState(kbIds[i], incarnations[i], versions[i], null));
        }
        return kbs;
    }

    private List<KbState> any(Connection connection, PageQuery query, Start start) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(plans.sql(template(query.selection())))) {
            Array partitions = PostgresArrays.smallints(connection, start.partitions());
            int index = bindStart(statement, 1, partitions, start, query);
            if (query.selection() == PageQuery.Selection.DUE) {
                index = Statements.bind(statement, index, query.due());
            }
            bindLimits(statement, index, query);
            List<KbState> kbs = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                for (int before = 0; rows.next(); before = inOrder(before, rows.getInt(1))) {
                    kbs.add(KbStateRows.read(rows, dialect));
                }
            }
            return kbs;
        }
    }

    private static String template(PageQuery.Selection selection) {
        return switch (selection) {
            case ALL -> PAGE_OF_ALL;
            case FAILING -> PAGE_OF_FAILING;
            case DUE -> PAGE_OF_DUE;
        };
    }

    private static int bindStart(PreparedStatement statement, int from, Array partitions, Start start, PageQuery query)
            throws SQLException {
        statement.setArray(from, partitions);
        statement.setString(from + 1, start.kbId());
        statement.setLong(from + 2, query.belowVersion());
        return from + 3;
    }

    private static void bindLimits(PreparedStatement statement, int from, PageQuery query) throws SQLException {
        statement.setInt(from, query.limit());
        statement.setInt(from + 1, query.limit());
    }

    /**
     * Checks that a row's partition is not below the one before. The page's cursor is its last KB, so that a row out of order
     * would lose others. The order follows from the plan; SQL does not guarantee it.
     */
    static int inOrder(int before, int partition) {
        if (partition < before) {
            throw new StateStoreException("the database returned partition " + partition + " after " + before
                    + ", which is not the requested order: report this, with the version of the database");
        }
        return partition;
    }
}
