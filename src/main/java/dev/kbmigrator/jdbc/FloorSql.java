package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The statements of floors. A floor is raised in three steps, each a statement of its own in the same transaction:
 *
 * <ol>
 *   <li>Lock the floors, so that no enrolment is under way.
 *   <li>Find the partitions that have a KB below the new floor.
 *   <li>Raise the others, under the fence.
 * </ol>
 */
abstract class FloorSql {

    private static final String LOCK_TO_RAISE = """
            SELECT kb_partition, version FROM {floor} WHERE kb_partition IN ({list})
            ORDER BY kb_partition {forUpdateSkippingLocked}
            """;

    private static final String LOCK_SHARED = """
            SELECT kb_partition, version FROM {floor} WHERE kb_partition IN ({list}) ORDER BY kb_partition {forShare}
            """;

    private static final String PARTITIONS_WITH_KBS_BELOW = """
            SELECT f.kb_partition FROM {floor} f
            WHERE f.kb_partition IN ({list}) AND EXISTS (
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

    /** Raises the floors that can be raised; returns the partitions whose floor is at the version now. */
    final Set<Integer> raise(List<Epoch> epochs, long version) {
        return database.transaction("raise floors", connection -> {
            SortedSet<Integer> scopes = new TreeSet<>();
            epochs.forEach(epoch -> scopes.add(epoch.scope()));
            SortedSet<Integer> raised = new TreeSet<>();
            Set<Integer> reached = new TreeSet<>();
            statements
                    .query(connection, LOCK_TO_RAISE, scopes)
                    .forEach((partition, floor) -> (floor >= version ? reached : raised).add(partition));
            if (!raised.isEmpty()) {
                // Only in a statement after the lock is it certain that no enrolment is under way
                raised.removeAll(partitionsWithKbsBelow(connection, raised, version));
            }
            if (!raised.isEmpty()) {
                reached.addAll(raise(connection, raised, epochs, version));
            }
            return reached;
        });
    }

    private Set<Integer> partitionsWithKbsBelow(Connection connection, SortedSet<Integer> partitions, long version)
            throws SQLException {
        Set<Integer> below = new TreeSet<>();
        String sql = statements.sql(PARTITIONS_WITH_KBS_BELOW, partitions.size());
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

    /** Raises the floors that are locked, except where the epoch is stale; returns the partitions that were raised. */
    abstract Set<Integer> raise(Connection connection, SortedSet<Integer> partitions, List<Epoch> epochs, long version)
            throws SQLException;

    /** Locks the floors of the keys' partitions: until the open transaction ends, nobody raises them. */
    final Map<Integer, Long> lockShared(Connection connection, SortedSet<KbKey> keys) throws SQLException {
        SortedSet<Integer> partitions = new TreeSet<>();
        keys.forEach(key -> partitions.add(key.partition()));
        return statements.query(connection, LOCK_SHARED, partitions);
    }
}
