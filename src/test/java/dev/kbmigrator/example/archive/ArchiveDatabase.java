package dev.kbmigrator.example.archive;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;

/** The archive's own tables. Every write can be repeated: a part that runs again leaves what it would have left at once. */
public final class ArchiveDatabase {

    private final DataSource dataSource;

    ArchiveDatabase(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** Makes the tables that are not there yet. */
    void createTables() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    CREATE TABLE IF NOT EXISTS archive_file (
                      kb VARCHAR(255) NOT NULL,
                      name VARCHAR(255) NOT NULL,
                      bytes BIGINT NOT NULL,
                      sha1 VARCHAR(40) NOT NULL,
                      verdict VARCHAR(20),
                      PRIMARY KEY (kb, name)
                    )
                    """);
            statement.execute("""
                    CREATE TABLE IF NOT EXISTS archive_total (
                      version BIGINT PRIMARY KEY,
                      kbs BIGINT NOT NULL,
                      files BIGINT NOT NULL,
                      bytes BIGINT NOT NULL
                    )
                    """);
            statement.execute("""
                    CREATE TABLE IF NOT EXISTS archive_start (
                      number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                      kb VARCHAR(255) NOT NULL,
                      version BIGINT NOT NULL,
                      replica VARCHAR(20) NOT NULL,
                      started TIMESTAMP(6) WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP(6) NOT NULL
                    )
                    """);
        }
    }

    /** Keeps files of a KB; one that is known already is replaced. */
    public void record(String kbId, List<ArchivedFile> files) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement merge = connection.prepareStatement(
                        "MERGE INTO archive_file (kb, name, bytes, sha1) KEY (kb, name) VALUES (?, ?, ?, ?)")) {
            for (ArchivedFile file : files) {
                merge.setString(1, kbId);
                merge.setString(2, file.name());
                merge.setLong(3, file.bytes());
                merge.setString(4, file.sha1());
                merge.addBatch();
            }
            merge.executeBatch();
        }
    }

    /** The files of a KB, as they were recorded. */
    public List<ArchivedFile> files(String kbId) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement(
                        "SELECT name, bytes, sha1 FROM archive_file WHERE kb = ? ORDER BY name")) {
            select.setString(1, kbId);
            List<ArchivedFile> files = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    files.add(new ArchivedFile(rows.getString(1), rows.getLong(2), rows.getString(3)));
                }
            }
            return files;
        }
    }

    /** Keeps the verdicts on files of a KB. */
    public void judge(String kbId, Map<String, Verdict> verdicts) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement update =
                        connection.prepareStatement("UPDATE archive_file SET verdict = ? WHERE kb = ? AND name = ?")) {
            for (Map.Entry<String, Verdict> verdict : verdicts.entrySet()) {
                update.setString(1, verdict.getValue().name());
                update.setString(2, kbId);
                update.setString(3, verdict.getKey());
                update.addBatch();
            }
            update.executeBatch();
        }
    }

    /** Writes the fleet's totals. */
    public void writeTotals(long version) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement merge = connection.prepareStatement("""
                        MERGE INTO archive_total (version, kbs, files, bytes) KEY (version)
                        SELECT CAST(? AS BIGINT), COUNT(DISTINCT kb), COUNT(*), COALESCE(SUM(bytes), 0) FROM archive_file
                        """)) {
            merge.setLong(1, version);
            merge.executeUpdate();
        }
    }

    /** Notes that a replica begins with a part of a KB. */
    void began(String kbId, long version, String replica) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO archive_start (kb, version, replica) VALUES (?, ?, ?)")) {
            insert.setString(1, kbId);
            insert.setLong(2, version);
            insert.setString(3, replica);
            insert.executeUpdate();
        }
    }

    /** Forgets which parts began in an earlier run. */
    void forgetStarts() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM archive_start");
        }
    }

    /** The KBs of which files are recorded. */
    Set<String> kbs() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT kb FROM archive_file")) {
            Set<String> kbs = new TreeSet<>();
            while (rows.next()) {
                kbs.add(rows.getString(1));
            }
            return kbs;
        }
    }

    /** Forgets KBs that are there no more. */
    void forget(Collection<String> kbIds) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement delete = connection.prepareStatement("DELETE FROM archive_file WHERE kb = ?")) {
            for (String kbId : kbIds) {
                delete.setString(1, kbId);
                delete.addBatch();
            }
            delete.executeBatch();
        }
    }
}
