package dev.kbmigrator.processes;

import dev.kbmigrator.MigrationContext;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;

/**
 * The host's own tables, which the library knows nothing of: its KBs, and an append-only log into which each part of a
 * migration writes that it starts. What {@code id} says of the log's order holds for rows of which one was committed before
 * the other began, such as those of one KB.
 */
final class HostTables {

    private static final String NUMBERED = """
            CREATE TABLE ran (id %s, kb VARCHAR(255) NOT NULL, version BIGINT NOT NULL,
                replica VARCHAR(100) NOT NULL, epoch BIGINT NOT NULL, started_at BIGINT NOT NULL)
            """;
    private static final String KBS = """
            CREATE TABLE kb (id VARCHAR(255) PRIMARY KEY, born BIGINT NOT NULL, listed INT NOT NULL)
            """;
    private static final String COMMITTED = """
            CREATE TABLE committed (kb VARCHAR(255) NOT NULL, version BIGINT NOT NULL)
            """;

    private static final String DELETED = """
            CREATE TABLE deleted (kb VARCHAR(255) NOT NULL, deleted_at BIGINT NOT NULL)
            """;

    private HostTables() {}

    static void create(DataSource dataSource) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            String database = connection.getMetaData().getDatabaseProductName();
            String number = switch (database) {
                case "MariaDB" -> "BIGINT AUTO_INCREMENT PRIMARY KEY";
                case "SQLite" -> "INTEGER PRIMARY KEY AUTOINCREMENT";
                default -> "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
            };
            statement.execute(NUMBERED.formatted(number));
            statement.execute("CREATE INDEX ran_by_replica ON ran (replica, started_at)");
            statement.execute(KBS);
            statement.execute(COMMITTED);
            statement.execute(DELETED);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** KBs that were there before; nobody registers them. */
    static void addKbs(DataSource dataSource, Collection<String> kbIds) {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO kb (id, born, listed) VALUES (?, 0, 1)")) {
                for (String kbId : kbIds) {
                    insert.setString(1, kbId);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.commit();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A KB that a replica creates at the newest version that it knows. */
    static void addKb(Connection connection, String kbId, long born) throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO kb (id, born, listed) VALUES (?, ?, 1)")) {
            insert.setString(1, kbId);
            insert.setLong(2, born);
            insert.executeUpdate();
        }
    }

    /** Deletes a KB, and keeps a note of it. */
    static void deleteKb(DataSource dataSource, String kbId) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try (PreparedStatement delete = connection.prepareStatement("DELETE FROM kb WHERE id = ?");
                    PreparedStatement note =
                            connection.prepareStatement("INSERT INTO deleted (kb, deleted_at) VALUES (?, ?)")) {
                delete.setString(1, kbId);
                if (delete.executeUpdate() > 0) {
                    note.setString(1, kbId);
                    note.setLong(2, System.currentTimeMillis());
                    note.executeUpdate();
                }
                connection.commit();
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    /** The KBs that were deleted, and when, in milliseconds since 1970. */
    static Map<String, Long> deleted(DataSource dataSource) {
        Map<String, Long> deleted = new HashMap<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT kb, deleted_at FROM deleted")) {
            while (rows.next()) {
                deleted.put(rows.getString(1), rows.getLong(2));
            }
            return deleted;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<String> listed(DataSource dataSource) throws SQLException {
        List<String> ids = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id FROM kb WHERE listed = 1")) {
            while (rows.next()) {
                ids.add(rows.getString(1));
            }
        }
        return ids;
    }

    static Set<String> existing(DataSource dataSource, Collection<String> kbIds) throws SQLException {
        Set<String> ids = new LinkedHashSet<>();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement("SELECT id FROM kb WHERE id = ?")) {
            for (String kbId : kbIds) {
                select.setString(1, kbId);
                try (ResultSet rows = select.executeQuery()) {
                    if (rows.next()) {
                        ids.add(rows.getString(1));
                    }
                }
            }
        }
        return ids;
    }

    /** Hides some KBs from the host's list, or shows all of them again. */
    static void hide(DataSource dataSource, Collection<String> kbIds) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement all = connection.createStatement();
                PreparedStatement one = connection.prepareStatement("UPDATE kb SET listed = 0 WHERE id = ?")) {
            all.executeUpdate("UPDATE kb SET listed = 1 WHERE listed = 0");
            for (String kbId : kbIds) {
                one.setString(1, kbId);
                one.executeUpdate();
            }
        }
    }

    /** Logs that a part starts, in a transaction of its own. */
    static void log(DataSource dataSource, MigrationContext context, String replica) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO ran (kb, version, replica, epoch, started_at) VALUES (?, ?, ?, ?, ?)")) {
            insert.setString(1, context.kbId().orElse(StartedPart.GLOBAL));
            insert.setLong(2, context.version());
            insert.setString(3, replica);
            insert.setLong(4, context.fencingToken());
            insert.setLong(5, System.currentTimeMillis());
            insert.executeUpdate();
        }
    }

    /** The KBs with the versions that they were created at. */
    static Map<String, Long> kbs(DataSource dataSource) {
        Map<String, Long> kbs = new HashMap<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id, born FROM kb")) {
            while (rows.next()) {
                kbs.put(rows.getString(1), rows.getLong(2));
            }
            return kbs;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The whole log, in its order. */
    static List<StartedPart> ran(DataSource dataSource) {
        List<StartedPart> log = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "SELECT id, kb, version, replica, epoch, started_at FROM ran ORDER BY id")) {
            while (rows.next()) {
                log.add(new StartedPart(
                        rows.getLong(1),
                        rows.getString(2).intern(),
                        rows.getLong(3),
                        rows.getString(4).intern(),
                        rows.getLong(5),
                        rows.getLong(6)));
            }
            return log;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The log's last place; 0 while it is empty. */
    static long lastRan(DataSource dataSource) throws SQLException {
        return count(dataSource, "SELECT COALESCE(MAX(id), 0) FROM ran");
    }

    /** When a replica last began a part, in milliseconds since 1970; 0 when it never has. */
    static long lastBegan(DataSource dataSource, String replica) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select =
                        connection.prepareStatement("SELECT COALESCE(MAX(started_at), 0) FROM ran WHERE replica = ?")) {
            select.setString(1, replica);
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    /** How many transactional parts have committed more than once. */
    static long doubleCommits(DataSource dataSource) throws SQLException {
        return count(dataSource, """
                SELECT COUNT(*) FROM (SELECT kb, version FROM committed GROUP BY kb, version HAVING COUNT(*) > 1) twice
                """);
    }

    /** How many transactional parts have committed. */
    static long commits(DataSource dataSource) throws SQLException {
        return count(dataSource, "SELECT COUNT(*) FROM committed");
    }

    /** What a transactional part writes, in the transaction that moves the KB's version. */
    static void commit(Connection connection, String kbId, long version) throws SQLException {
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO committed (kb, version) VALUES (?, ?)")) {
            insert.setString(1, kbId);
            insert.setLong(2, version);
            insert.executeUpdate();
        }
    }

    private static long count(DataSource dataSource, String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }
}
