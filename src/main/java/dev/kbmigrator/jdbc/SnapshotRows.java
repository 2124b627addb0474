package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Reads the rows of a look, which reads everything in one statement. The first column says what a row describes. Six numbers
 * and four texts follow, and another number; each kind of row uses them as it needs.
 */
final class SnapshotRows {

    /** The query in place of {@code {floors}} in a look that is not thorough: the stored floors. */
    private static final String STORED_FLOORS = "SELECT kb_partition, version FROM {floor}";

    /** The query in place of {@code {floors}} in a thorough look: each partition's lowest version of a KB without a record. */
    private static final String LOWEST_VERSIONS = """
            SELECT f.kb_partition, COALESCE(
              (SELECT MIN(k.version) FROM {kb} k
               WHERE k.kb_partition = f.kb_partition
                 AND NOT EXISTS (SELECT 1 FROM {attempt} a WHERE a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id)),
              9223372036854775807) AS version
            FROM {floor} f
            """;

    private SnapshotRows() {}

    /** Completes the statement of a look with the query for floors. */
    static String withFloors(String look, Heartbeat heartbeat) {
        return look.replace("{floors}", heartbeat.thorough() ? LOWEST_VERSIONS : STORED_FLOORS);
    }

    /** Binds what a replica announces of itself; returns the index of the next parameter. */
    static int bindReplica(PreparedStatement statement, int from, ReplicaInfo self) throws SQLException {
        statement.setString(from, self.replicaId());
        statement.setString(from + 1, self.node());
        statement.setString(from + 2, self.build());
        statement.setString(from + 3, self.fleet());
        statement.setLong(from + 4, self.newestVersion());
        statement.setLong(from + 5, self.baseline());
        statement.setInt(from + 6, self.ready() ? 1 : 0);
        return from + 7;
    }

    /** Binds a replica's id and its report; returns the index of the next parameter. */
    static int bindReport(PreparedStatement statement, int from, Heartbeat heartbeat) throws SQLException {
        statement.setString(from, heartbeat.self().replicaId());
        statement.setString(from + 1, heartbeat.report());
        return from + 2;
    }

    static Snapshot read(ResultSet rows) throws SQLException {
        boolean complete = false;
        BitSet floorsFound = new BitSet();
        long storeMicros = 0;
        List<Document> documents = new ArrayList<>();
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 0L));
        List<KbRecordCount> records = new ArrayList<>();
        List<ReplicaState> replicas = new ArrayList<>();
        while (rows.next()) {
            String kind = rows.getString(1);
            switch (kind) {
                case "clock" -> storeMicros = rows.getLong(2);
                case "document" -> complete |= !isListed(rows, documents);
                case "floor" -> {
                    floors.set(rows.getInt(2), rows.getLong(3));
                    floorsFound.set(rows.getInt(2));
                }
                case "attempt" -> records.add(recordCount(rows));
                case "replica" -> replicas.add(replica(rows));
                default -> throw new StateStoreException("a look returned a row of the unknown kind \"" + kind + "\"");
            }
        }
        if (!complete) {
            throw new Tables.Incomplete();
        }
        if (floorsFound.cardinality() < Partitions.COUNT) {
            throw new StateStoreException(
                    "the tables are damaged: " + (Partitions.COUNT - floorsFound.cardinality()) + " of "
                            + Partitions.COUNT + " floors are missing (first: partition " + floorsFound.nextClearBit(0)
                            + "). Stop every replica, and run the statements of JdbcStateStore.ddl(), which add what is missing");
        }
        return new Snapshot(storeMicros, documents, floors, records, replicas);
    }

    /** The document that holds the layout's version is checked, not listed. */
    private static boolean isListed(ResultSet rows, List<Document> documents) throws SQLException {
        String name = rows.getString(8);
        if (name.equals(Tables.DOCUMENT)) {
            Tables.check(rows.getString(9));
            return false;
        }
        return documents.add(new Document(name, rows.getLong(2), rows.getString(9)));
    }

    private static KbRecordCount recordCount(ResultSet rows) throws SQLException {
        return new KbRecordCount(
                rows.getInt(2),
                rows.getLong(3),
                rows.getInt(4),
                rows.getInt(5),
                rows.getInt(6),
                rows.getLong(7),
                rows.getInt(12));
    }

    private static ReplicaState replica(ResultSet rows) throws SQLException {
        ReplicaInfo info = new ReplicaInfo(
                rows.getString(8),
                rows.getString(9),
                rows.getString(10),
                // In its Oracle mode, H2 stores an empty text as NULL
                Objects.requireNonNullElse(rows.getString(11), ""),
                rows.getLong(2),
                rows.getLong(6),
                rows.getInt(3) != 0);
        return new ReplicaState(info, rows.getLong(4), rows.getLong(5));
    }
}
