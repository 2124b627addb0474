package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.spi.Document;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The small named texts. Changes are few: they take turns, by the coordinator's row. */
final class Documents {

    private Documents() {}

    static List<Document> startingWith(Connection connection, String prefix) throws SQLException {
        List<Document> documents = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT name, revision, json FROM kb_migrator_document WHERE SUBSTRING(name FROM 1 FOR ?) = ?")) {
            statement.setInt(1, prefix.length());
            statement.setString(2, prefix);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    documents.add(new Document(rows.getString(1), rows.getLong(2), rows.getString(3)));
                }
            }
        }
        documents.sort(Comparator.comparing(Document::name));
        return documents;
    }

    static List<Document> named(Connection connection, String name) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT revision, json FROM kb_migrator_document WHERE name = ?")) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? List.of(new Document(name, rows.getLong(1), rows.getString(2))) : List.of();
            }
        }
    }

    /** Made, changed or deleted at the expected revision; nobody else changes documents meanwhile. */
    static boolean change(Connection connection, String name, long expectedRevision, @Nullable String json)
            throws SQLException {
        List<Document> stored = named(connection, name);
        if ((stored.isEmpty() ? 0 : stored.get(0).revision()) != expectedRevision
                || (stored.isEmpty() && json == null)) {
            return false;
        }
        try (PreparedStatement delete =
                connection.prepareStatement("DELETE FROM kb_migrator_document WHERE name = ?")) {
            delete.setString(1, name);
            delete.executeUpdate();
        }
        if (json != null) {
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO kb_migrator_document VALUES (?, ?, ?)")) {
                insert.setString(1, name);
                insert.setLong(2, Transactions.uniqueNumber());
                insert.setString(3, json);
                insert.executeUpdate();
            }
        }
        return true;
    }
}
