package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.PreparedStatement;
import org.jspecify.annotations.Nullable;

/** Documents on PostgreSQL: a change is one statement, the fence in it. */
final class PostgresDocumentSql extends DocumentSql {

    private static final String CREATE_DOCUMENT =
            "INSERT INTO {document} (name, revision, json) SELECT ?, 1, ? {fenced} ON CONFLICT DO NOTHING";
    private static final String CHANGE_DOCUMENT =
            "UPDATE {document} SET json = ?, revision = revision + 1 WHERE name = ? AND revision = ? {fenced}";
    private static final String DELETE_DOCUMENT = "DELETE FROM {document} WHERE name = ? AND revision = ? {fenced}";
    private static final String FENCE =
            "WITH fence AS (SELECT 1 FROM {epoch} WHERE scope = ? AND number = ? FOR SHARE) ";
    private static final String FENCED = "EXISTS (SELECT 1 FROM fence)";

    private final Database database;
    private final Statements statements;

    PostgresDocumentSql(Database database, Statements statements) {
        super(database, statements);
        this.database = database;
        this.statements = statements;
    }

    @Override
    boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        if (expectedRevision == 0 && json == null) {
            return false;
        }
        String change = json == null ? DELETE_DOCUMENT : expectedRevision == 0 ? CREATE_DOCUMENT : CHANGE_DOCUMENT;
        String fenced = expectedRevision == 0 ? "WHERE " + FENCED : "AND " + FENCED;
        String sql = fence == null ? change.replace("{fenced}", "") : FENCE + change.replace("{fenced}", fenced);
        return database.autocommit("change the document " + name, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(sql))) {
                int index = 1;
                if (fence != null) {
                    statement.setInt(index++, fence.scope());
                    statement.setLong(index++, fence.number());
                }
                if (expectedRevision == 0) {
                    statement.setString(index++, name);
                    statement.setString(index, json);
                } else {
                    if (json != null) {
                        statement.setString(index++, json);
                    }
                    statement.setString(index++, name);
                    statement.setLong(index, expectedRevision);
                }
                return statement.executeUpdate() == 1;
            }
        });
    }
}
