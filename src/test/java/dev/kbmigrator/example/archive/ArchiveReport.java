package dev.kbmigrator.example.archive;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** Reads the archive's tables for people. */
final class ArchiveReport {

    private final DataSource dataSource;

    ArchiveReport(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** A part that was begun. */
    record Start(String kbId, long version) {}

    /** What a replica began last. */
    Optional<Start> lastStart(String replica) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        SELECT kb, version FROM archive_start WHERE replica = ? ORDER BY number DESC LIMIT 1
                        """)) {
            select.setString(1, replica);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Optional.of(new Start(rows.getString(1), rows.getLong(2))) : Optional.empty();
            }
        }
    }

    /** What is in the archive. */
    Contents contents() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        SELECT COUNT(DISTINCT kb), COUNT(*), COALESCE(SUM(bytes), 0),
                          COUNT(*) FILTER (WHERE verdict = 'VERIFIED'),
                          COUNT(*) FILTER (WHERE verdict = 'MISMATCHED'),
                          COUNT(*) FILTER (WHERE verdict = 'WITHOUT_DIGEST'),
                          COUNT(*) FILTER (WHERE verdict = 'NOT_PUBLISHED')
                        FROM archive_file
                        """)) {
            row.next();
            return new Contents(
                    row.getLong(1),
                    row.getLong(2),
                    row.getLong(3),
                    new Contents.Verdicts(row.getLong(4), row.getLong(5), row.getLong(6), row.getLong(7)));
        }
    }

    /** Some of the files that are not what was published. */
    List<String> mismatches(int limit) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        SELECT kb || '/' || name FROM archive_file WHERE verdict = 'MISMATCHED' ORDER BY kb, name LIMIT ?
                        """)) {
            select.setInt(1, limit);
            List<String> files = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    files.add(rows.getString(1));
                }
            }
            return files;
        }
    }

    /** What it cost to kill a replica at that time. */
    KillCost killCost(String replica, Instant killed) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        SELECT COUNT(*), MIN(again), MAX(again) FROM (
                          SELECT MIN(later.started) AS again
                          FROM archive_start first
                          JOIN archive_start later
                            ON later.kb = first.kb AND later.version = first.version AND later.number > first.number
                          WHERE first.replica = ? AND later.started > ?
                          GROUP BY first.kb, first.version)
                        """)) {
            select.setString(1, replica);
            select.setTimestamp(2, Timestamp.from(killed));
            try (ResultSet row = select.executeQuery()) {
                row.next();
                return new KillCost(row.getLong(1), since(killed, row, 2), since(killed, row, 3));
            }
        }
    }

    private static Duration since(Instant killed, ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? Duration.ZERO : Duration.between(killed, time.toInstant());
    }
}
