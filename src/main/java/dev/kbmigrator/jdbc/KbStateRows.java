package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Reads the rows that list KBs. */
final class KbStateRows {

    private KbStateRows() {}

    /**
     * Reads a row: partition, id, incarnation and version of the KB; then its record's version, failures, error, time of the last failure,
     * time when it is due, whether it is set aside, whether there is a checkpoint, and the checkpoint's text.
     */
    static KbState read(ResultSet rows, Dialect dialect) throws SQLException {
        String kbId = dialect.getKbId(rows, 2);
        long incarnation = rows.getLong(3);
        long version = rows.getLong(4);
        long recordVersion = rows.getLong(5);
        if (rows.wasNull()) {
            return new KbState(kbId, incarnation, version, null);
        }
        return new KbState(
                kbId,
                incarnation,
                version,
                new KbRecord(
                        recordVersion,
                        rows.getInt(6),
                        rows.getString(7),
                        rows.getLong(8),
                        rows.getLong(9),
                        rows.getInt(10) != 0,
                        rows.getInt(11) != 0,
                        rows.getString(12)));
    }

    /** A page of these KBs. Only a full page has a cursor, because only then can there be more. */
    static Page page(List<KbState> kbs, int limit) {
        if (kbs.size() < limit) {
            return new Page(kbs, null);
        }
        return new Page(kbs, KbKey.of(kbs.get(kbs.size() - 1).kbId()).toCursor());
    }
}
