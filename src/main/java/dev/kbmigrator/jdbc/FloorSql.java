package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How floors are raised: the rows are locked, so that no enrolment is under way; only then, in a statement of its own, it is
 * seen whether a KB is below; and only then, under the fence, they rise.
 */
class FloorSql {

    private static final String PARTITIONS_WITH_KBS_BELOW = """
            SELECT f.kb_partition FROM {floor} f
            WHERE f.kb_partition IN ({partitions}) AND EXISTS (
              SELECT 1 FROM {kb} k
              WHERE k.kb_partition = f.kb_partition AND k.version < ?
                AND NOT EXISTS (SELECT 1 FROM {attempt} a WHERE a.kb_partition = k.kb_partition AND a.kb_id = k.kb_id))
            """;

    private final Database database;
    private final Statements statements;

    FloorSql(Database database, Statements statements) {
        this.database = database;
        this.statements = statements;
    }

    /** Raises the floors that may be raised; answers those that are there now. */
    final Set<Integer> raise(List<Epoch> epochs, long version) {
        return database.transaction("raise floors", connection -> {
            SortedSet<Integer> scopes = new TreeSet<>();
            epochs.forEach(epoch -> scopes.add(epoch.scope()));
            Map<Integer, Long> locked = lockForRaise(connection, scopes);
            SortedSet<Integer> raised = new TreeSet<>();
            Set<Integer> reached = new TreeSet<>();
            locked.forEach((partition, floor) -> (floor >= version ? reached : raised).add(partition));
            if (!raised.isEmpty()) {
                // Only now, in a statement of its own, it is certain that no enrolment is under way
                raised.removeAll(partitionsWithKbsBelow(connection, raised, version));
            }
            if (!raised.isEmpty()) {
                reached.addAll(raise(connection, raised, epochs, version));
            }
            return reached;
        });
    }

    private Map<Integer, Long> lockForRaise(Connection connection, SortedSet<Integer> scopes) throws SQLException {
        Map<Integer, Long> locked = new HashMap<>();
        String sql = statements.sql("SELECT kb_partition, version FROM {floor} WHERE kb_partition IN ("
                + Placeholders.rows(scopes.size(), 1) + ") ORDER BY kb_partition {forUpdateSkippingLocked}");
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Statements.bind(statement, 1, scopes);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    locked.put(rows.getInt(1), rows.getLong(2));
                }
            }
        }
        return locked;
    }

    private Set<Integer> partitionsWithKbsBelow(Connection connection, SortedSet<Integer> partitions, long version)
            throws SQLException {
        Set<Integer> below = new TreeSet<>();
        String sql = statements.sql(
                PARTITIONS_WITH_KBS_BELOW.replace("{partitions}", Placeholders.rows(partitions.size(), 1)));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int index = Statements.bind(statement, 1, partitions);
            statement.setLong(index, version);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    below.add(rows.getInt(1));
                }
            }
        }
        return below;
    }

    /** Raises what is locked and still this replica's; answers what it raised. */
    Set<Integer> raise(Connection connection, SortedSet<Integer> partitions, List<Epoch> epochs, long version)
            throws SQLException {
        SortedSet<Integer> raised = new TreeSet<>(partitions);
        raised.removeAll(new Fence(statements).stale(connection, epochs));
        if (!raised.isEmpty()) {
            String sql = statements.sql("UPDATE {floor} SET version = ? WHERE kb_partition IN ("
                    + Placeholders.rows(raised.size(), 1) + ")");
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setLong(1, version);
                Statements.bind(statement, 2, raised);
                statement.executeUpdate();
            }
        }
        return raised;
    }
}
