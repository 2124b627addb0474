package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.sql.PreparedStatement;
import org.jspecify.annotations.Nullable;

/** Changes a document on PostgreSQL, in one statement with the fence. */
final class PostgresDocumentSql extends DocumentSql {

    private static final String CREATE = """
            INSERT INTO {document} (name, revision, json) SELECT ?, ?, ? ON CONFLICT DO NOTHING
            """;

    private static final String CREATE_FENCED = """
            WITH fence AS (SELECT 1 FROM {epoch} WHERE scope = ? AND number = ? FOR SHARE)
            INSERT INTO {document} (name, revision, json) SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM fence)
            ON CONFLICT DO NOTHING
            """;

    private static final String CHANGE = """
            UPDATE {document} SET json = ?, revision = ? WHERE name = ? AND revision = ?
            """;

    private static final String CHANGE_FENCED = """
            WITH fence AS (SELECT 1 FROM {epoch} WHERE scope = ? AND number = ? FOR SHARE)
            UPDATE {document} SET json = ?, revision = ? WHERE name = ? AND revision = ?
            AND EXISTS (SELECT 1 FROM fence)
            """;

    private static final String DELETE = """
            DELETE FROM {document} WHERE name = ? AND revision = ?
            """;

    private static final String DELETE_FENCED = """
            WITH fence AS (SELECT 1 FROM {epoch} WHERE scope = ? AND number = ? FOR SHARE)
            DELETE FROM {document} WHERE name = ? AND revision = ? AND EXISTS (SELECT 1 FROM fence)
            """;

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
        String sql = statements.sql(template(expectedRevision, json, fence));
        return database.autocommit("change the document " + name, connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                int index = 1;
                if (fence != null) {
                    statement.setInt(index++, fence.scope());
                    statement.setLong(index++, fence.number());
                }
                if (expectedRevision == 0) {
                    statement.setString(index++, name);
                    statement.setLong(index++, UniqueNumbers.next());
                    statement.setString(index, json);
                } else {
                    if (json != null) {
                        statement.setString(index++, json);
                        statement.setLong(index++, UniqueNumbers.next());
                    }
                    statement.setString(index++, name);
                    statement.setLong(index, expectedRevision);
                }
                return statement.executeUpdate() == 1;
            }
        });
    }

    private static String template(long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        if (json == null) {
            return fence == null ? DELETE : DELETE_FENCED;
        }
        if (expectedRevision == 0) {
            return fence == null ? CREATE : CREATE_FENCED;
        }
        return fence == null ? CHANGE : CHANGE_FENCED;
    }
}
