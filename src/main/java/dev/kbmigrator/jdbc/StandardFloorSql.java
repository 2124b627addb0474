package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Raises floors in a statement after the fence. */
final class StandardFloorSql extends FloorSql {

    private static final String RAISE = """
            UPDATE {floor} SET version = ? WHERE kb_partition IN ({list})
            """;

    private final Statements statements;
    private final EpochFence fence;

    StandardFloorSql(Database database, Statements statements) {
        super(database, statements);
        this.statements = statements;
        this.fence = new EpochFence(statements);
    }

    @Override
    Set<Integer> raise(Connection connection, SortedSet<Integer> partitions, List<Epoch> epochs, long version)
            throws SQLException {
        SortedSet<Integer> raised = new TreeSet<>(partitions);
        raised.removeAll(fence.staleScopes(connection, epochs));
        if (!raised.isEmpty()) {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(RAISE, raised.size()))) {
                statement.setLong(1, version);
                Statements.bind(statement, 2, raised);
                statement.executeUpdate();
            }
        }
        return raised;
    }
}
