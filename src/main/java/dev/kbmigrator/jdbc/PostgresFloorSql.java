package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** Raises floors on PostgreSQL, in one statement with the fence. */
final class PostgresFloorSql extends FloorSql {

    private static final String RAISE = """
            WITH fence AS (
              SELECT e.scope FROM {epoch} e
              JOIN unnest(?::smallint[], ?::bigint[]) AS c (scope, number) ON c.scope = e.scope AND c.number = e.number
              ORDER BY e.scope FOR SHARE OF e)
            UPDATE {floor} f SET version = ? FROM fence WHERE f.kb_partition = fence.scope
            RETURNING f.kb_partition
            """;

    private final Statements statements;

    PostgresFloorSql(Database database, Statements statements) {
        super(database, statements);
        this.statements = statements;
    }

    @Override
    Set<Integer> raise(Connection connection, SortedSet<Integer> partitions, List<Epoch> epochs, long version)
            throws SQLException {
        Set<Integer> raised = new TreeSet<>();
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(RAISE))) {
            List<Epoch> wanted = epochs.stream()
                    .filter(epoch -> partitions.contains(epoch.scope()))
                    .toList();
            statement.setLong(PostgresArrays.bindEpochs(connection, statement, wanted), version);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    raised.add(rows.getInt(1));
                }
            }
        }
        return raised;
    }
}
