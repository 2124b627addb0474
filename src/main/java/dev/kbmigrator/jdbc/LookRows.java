package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The rows that a look reads in one statement. The first column says what a row is about; then come six numbers and three
 * texts, which each kind of row fills as it needs.
 */
final class LookRows {

    /** The floors as they are stored. */
    static final String STORED_FLOORS = "SELECT kb_partition, version FROM {floor}";

    /** The lowest version of each partition's KBs, leaving out those that have something on record. */
    static final String LOWEST_VERSIONS = """
            SELECT f.kb_partition, COALESCE(
              (SELECT MIN(k.version) FROM {kb} k
               WHERE k.kb_partition = f.kb_partition
                 AND NOT EXISTS (SELECT 1 FROM {attempt} a WHERE a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id)),
              9223372036854775807) AS version
            FROM {floor} f
            """;

    private static final long NEVER = -1;

    private LookRows() {}

    /** Binds {@code dueBy, failedBefore}: an attempt is due when it is due by the first, or failed before the second. */
    static int bindDue(PreparedStatement statement, int from, Heartbeat self) throws SQLException {
        Long failedBefore = self.due().failedBefore();
        statement.setInt(from, failedBefore == null ? 1 : 0);
        statement.setLong(from + 1, failedBefore == null ? NEVER : failedBefore);
        return from + 2;
    }

    static Snapshot read(ResultSet rows) throws SQLException {
        boolean complete = false;
        long storeMicros = 0;
        List<Document> documents = new ArrayList<>();
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 0L));
        List<KbRecordCount> attempts = new ArrayList<>();
        List<ReplicaState> replicas = new ArrayList<>();
        while (rows.next()) {
            String kind = rows.getString(1);
            switch (kind) {
                case "clock" -> storeMicros = rows.getLong(2);
                case "document" -> complete |= !isListed(rows, documents);
                case "floor" -> floors.set(rows.getInt(2), rows.getLong(3));
                case "attempt" ->
                    attempts.add(new KbRecordCount(
                            rows.getInt(2),
                            rows.getLong(3),
                            rows.getInt(4),
                            rows.getInt(5),
                            rows.getInt(6),
                            rows.getLong(7)));
                case "replica" ->
                    replicas.add(new ReplicaState(
                            rows.getString(8),
                            rows.getString(9),
                            rows.getString(10),
                            rows.getLong(2),
                            rows.getInt(3) != 0,
                            rows.getLong(4),
                            rows.getLong(5)));
                default -> throw new StateStoreException("a look has answered a row of an unknown kind: " + kind);
            }
        }
        if (!complete) {
            throw new Database.TablesMissing();
        }
        return new Snapshot(storeMicros, documents, floors, attempts, replicas);
    }

    /** The document about the tables themselves is checked rather than listed. */
    private static boolean isListed(ResultSet rows, List<Document> documents) throws SQLException {
        String name = rows.getString(8);
        if (name.equals(Tables.DOCUMENT)) {
            Tables.check(rows.getString(9));
            return false;
        }
        return documents.add(new Document(name, rows.getLong(2), rows.getString(9)));
    }
}
