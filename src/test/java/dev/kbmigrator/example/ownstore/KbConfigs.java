package dev.kbmigrator.example.ownstore;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import javax.sql.DataSource;

/** The host's own use of its table; it knows nothing of the migrator. */
final class KbConfigs {

    private static final String UNIQUE_VIOLATION = "23505";

    private final DataSource dataSource;

    KbConfigs(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** Makes records for the KBs that have none. */
    void createAbsent(Collection<String> kbIds) {
        update(
                """
                INSERT INTO kb_config (kb_id, title, settings_json)
                SELECT CAST(? AS VARCHAR), 'untitled', '{}'
                WHERE NOT EXISTS (SELECT 1 FROM kb_config WHERE kb_id = ?)
                """,
                new TreeSet<>(kbIds).stream().map(kbId -> List.of(kbId, kbId)).toList());
    }

    void rename(String kbId, String title) {
        update("UPDATE kb_config SET title = ? WHERE kb_id = ?", List.of(List.of(title, kbId)));
    }

    void delete(String kbId) {
        update("DELETE FROM kb_config WHERE kb_id = ?", List.of(List.of(kbId)));
    }

    /** The title of a KB, and its settings; empty if there is no such KB. */
    List<String> read(String kbId) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement =
                        connection.prepareStatement("SELECT title, settings_json FROM kb_config WHERE kb_id = ?")) {
            statement.setString(1, kbId);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() ? List.of(rows.getString(1), rows.getString(2)) : List.of();
            }
        }
    }

    private void update(String sql, List<List<String>> parameters) {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (List<String> each : parameters) {
                for (int i = 0; i < each.size(); i++) {
                    statement.setString(i + 1, each.get(i));
                }
                update(statement);
            }
        } catch (SQLException e) {
            throw new IllegalStateException("could not change the host's table", e);
        }
    }

    private static void update(PreparedStatement statement) throws SQLException {
        try {
            statement.executeUpdate();
        } catch (SQLException e) {
            // Another thread has just made the same record
            if (!UNIQUE_VIOLATION.equals(e.getSQLState())) {
                throw e;
            }
        }
    }
}
