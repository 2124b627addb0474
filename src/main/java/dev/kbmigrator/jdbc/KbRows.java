package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rows that list KBs, and the place in a listing. */
final class KbRows {

    private static final String ALL = "1 = 1";
    private static final String FAILING = "(a.failures > 0 OR a.set_aside = 1)";
    private static final String DUE = """
            (a.kb_id IS NULL
              OR (a.set_aside = 0 AND (a.due_us <= CASE WHEN ? = 1 THEN {now} ELSE -1 END OR a.failed_us < ?)))
            """;
    private static final long NEVER = -1;

    private KbRows() {}

    /** What is asked of the KB {@code k} and of what is on record of it, {@code a}. */
    static String selected(PageQuery request) {
        return switch (request.selection()) {
            case ALL -> ALL;
            case FAILING -> FAILING;
            case DUE -> DUE;
        };
    }

    /** How a KB is joined with what is on record of it: those that fail are found by the few records, not by all KBs. */
    static String join(PageQuery request) {
        return request.selection() == PageQuery.Selection.FAILING ? "JOIN" : "LEFT JOIN";
    }

    static int bindSelected(PreparedStatement statement, int from, PageQuery request) throws SQLException {
        if (request.selection() != PageQuery.Selection.DUE) {
            return from;
        }
        Long failedBefore = request.due().failedBefore();
        statement.setInt(from, failedBefore == null ? 1 : 0);
        statement.setLong(from + 1, failedBefore == null ? NEVER : failedBefore);
        return from + 2;
    }

    /**
     * Reads a row of: partition, id, version; the attempt's version, failures, error, when it failed, when it is due, whether
     * it is set aside, whether there is a checkpoint, and its text.
     */
    static KbState read(ResultSet rows, Dialect dialect) throws SQLException {
        String kbId = dialect.getKbId(rows, 2);
        long version = rows.getLong(3);
        long attempted = rows.getLong(4);
        if (rows.wasNull()) {
            return new KbState(kbId, version, null);
        }
        return new KbState(
                kbId,
                version,
                new KbRecord(
                        attempted,
                        rows.getInt(5),
                        rows.getString(6),
                        rows.getLong(7),
                        rows.getLong(8),
                        rows.getInt(9) != 0,
                        rows.getInt(10) != 0,
                        rows.getString(11)));
    }

    static Page page(List<KbState> kbs, int limit) {
        if (kbs.size() < limit) {
            return new Page(kbs, null);
        }
        String last = kbs.get(kbs.size() - 1).kbId();
        return new Page(kbs, new Cursor(Partitions.of(last) + ":" + last));
    }

    /** The last KB of a page. */
    record Position(int partition, String kbId) {

        static @Nullable Position of(@Nullable Cursor cursor) {
            if (cursor == null) {
                return null;
            }
            String position = cursor.position();
            int colon = position.indexOf(':');
            return new Position(Integer.parseInt(position.substring(0, colon)), position.substring(colon + 1));
        }
    }
}
