package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The small named documents, as every database understands them. */
class DocumentSql {

    private final Database database;
    private final Statements statements;

    DocumentSql(Database database, Statements statements) {
        this.database = database;
        this.statements = statements;
    }

    /** The document of that name; empty when there is none. */
    Optional<Document> document(String name) {
        return database.autocommit("read a document", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(
                    statements.sql("SELECT name, revision, json FROM {document} WHERE name = ?"))) {
                statement.setString(1, name);
                return Statements.documents(statement).stream().findFirst();
            }
        });
    }

    /** The documents from one name on and below another, in the order of their names. */
    List<Document> documents(String from, String below) {
        return database.autocommit("read documents", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(
                    "SELECT name, revision, json FROM {document} WHERE name >= ? AND name < ? ORDER BY name"))) {
                statement.setString(1, from);
                statement.setString(2, below);
                return Statements.documents(statement);
            }
        });
    }

    /** Changes a document, if its revision is the one expected and the fence's epoch is current; answers whether. */
    boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        try {
            return database.transaction("change the document " + name, connection -> {
                boolean changed = change(connection, name, expectedRevision, json);
                if (changed && fence != null) {
                    Set<Integer> stale = new Fence(statements).stale(connection, List.of(fence));
                    if (!stale.isEmpty()) {
                        throw new Fence.Refusal(stale);
                    }
                }
                return changed;
            });
        } catch (Fence.Refusal e) {
            return false;
        }
    }

    private boolean change(Connection connection, String name, long expectedRevision, @Nullable String json)
            throws SQLException {
        if (expectedRevision == 0) {
            return json != null && insert(connection, name, json);
        }
        String sql = json == null
                ? "DELETE FROM {document} WHERE name = ? AND revision = ?"
                : "UPDATE {document} SET revision = revision + 1, json = ? WHERE name = ? AND revision = ?";
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(sql))) {
            int index = 1;
            if (json != null) {
                statement.setString(index++, json);
            }
            statement.setString(index++, name);
            statement.setLong(index, expectedRevision);
            return statement.executeUpdate() == 1;
        }
    }

    private boolean insert(Connection connection, String name, String json) throws SQLException {
        String sql = statements.dialect().insertIgnoring("{document} (name, revision, json)", "(?, 1, ?)");
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(sql))) {
            statement.setString(1, name);
            statement.setString(2, json);
            return statement.executeUpdate() == 1;
        }
    }

    /** In the transaction that is open on the connection: compares and sets, the document's revision being the one expected. */
    boolean change(Connection connection, Document next) throws SQLException {
        return change(connection, next.name(), next.revision(), next.json());
    }
}
