package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The statements of documents. */
abstract class DocumentSql {

    private static final String READ = """
            SELECT name, revision, json FROM {document} WHERE name = ?
            """;

    private static final String READ_LOCKED = """
            SELECT name, revision, json FROM {document} WHERE name = ? {forShare}
            """;

    private static final String LIST = """
            SELECT name, revision, json FROM {document}
            WHERE name >= ? AND name < ? AND name > ? AND name <> 'now/tables' ORDER BY name {limit}
            """;

    private static final String CHANGE = """
            UPDATE {document} SET revision = ?, json = ? WHERE name = ? AND revision = ?
            """;

    private static final String DELETE = """
            DELETE FROM {document} WHERE name = ? AND revision = ?
            """;

    private final Database database;
    private final Statements statements;
    private final String create;

    DocumentSql(Database database, Statements statements) {
        this.database = database;
        this.statements = statements;
        this.create = statements.dialect().insertDocuments().replace("{rows}", "(?, ?, ?)");
    }

    /** The document with this name, if there is one. */
    final Optional<Document> document(String name) {
        return database.read("read the document " + name, connection -> document(connection, name, false));
    }

    /** The same on an open connection. */
    final Optional<Document> document(Connection connection, String name, boolean locked) throws SQLException {
        String sql = statements.sql(locked ? READ_LOCKED : READ);
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, name);
            return read(statement).stream().findFirst();
        }
    }

    /**
     * The first documents from one name up to, but not including, another, and above a third, in the order of their names. The
     * layout's version is none of them.
     */
    final List<Document> documents(String from, String below, String after, int limit) {
        return database.autocommit("list documents", connection -> {
            try (PreparedStatement statement = connection.prepareStatement(statements.sql(LIST))) {
                statement.setString(1, from);
                statement.setString(2, below);
                statement.setString(3, after);
                statement.setInt(4, limit);
                return read(statement);
            }
        });
    }

    private static List<Document> read(PreparedStatement statement) throws SQLException {
        List<Document> documents = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                documents.add(new Document(rows.getString(1), rows.getLong(2), rows.getString(3)));
            }
        }
        return documents;
    }

    /**
     * Changes a document if its revision is the expected one (0: there is none) and the fence's epoch is current; without a
     * text, deletes it. Returns whether it did.
     */
    abstract boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence);

    /** The same in the transaction that is open on the connection, without a fence. */
    final boolean compareAndSet(Connection connection, String name, long expectedRevision, @Nullable String json)
            throws SQLException {
        if (expectedRevision == 0) {
            return json != null && create(connection, name, json);
        }
        try (PreparedStatement statement =
                connection.prepareStatement(statements.sql(json == null ? DELETE : CHANGE))) {
            int index = 1;
            if (json != null) {
                statement.setLong(index++, UniqueNumbers.next());
                statement.setString(index++, json);
            }
            statement.setString(index++, name);
            statement.setLong(index, expectedRevision);
            return statement.executeUpdate() == 1;
        }
    }

    private boolean create(Connection connection, String name, String json) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(statements.sql(create))) {
            statement.setString(1, name);
            statement.setLong(2, UniqueNumbers.next());
            statement.setString(3, json);
            return statement.executeUpdate() == 1;
        }
    }
}
