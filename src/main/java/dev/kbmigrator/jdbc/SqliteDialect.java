package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * SQLite 3.42 and later, with one writer at a time. Every transaction takes the write lock at its start, because one that
 * reads first and writes later fails if another has written in between.
 */
final class SqliteDialect extends StandardDialect {

    private static final List<String> TABLES = List.of("""
            CREATE TABLE IF NOT EXISTS {kb} (
              kb_partition INTEGER NOT NULL,
              kb_id TEXT NOT NULL,
              incarnation INTEGER NOT NULL,
              version INTEGER NOT NULL,
              PRIMARY KEY (kb_partition, kb_id)
            ) WITHOUT ROWID
            """, """
            CREATE TABLE IF NOT EXISTS {attempt} (
              kb_partition INTEGER NOT NULL,
              kb_id TEXT NOT NULL,
              version INTEGER NOT NULL,
              failures INTEGER NOT NULL,
              error TEXT,
              failed_us INTEGER NOT NULL,
              due_us INTEGER NOT NULL,
              set_aside INTEGER NOT NULL,
              checkpoint TEXT,
              PRIMARY KEY (kb_partition, kb_id)
            ) WITHOUT ROWID
            """, """
            CREATE TABLE IF NOT EXISTS {floor} (kb_partition INTEGER PRIMARY KEY, version INTEGER NOT NULL)
            """, """
            CREATE TABLE IF NOT EXISTS {epoch} (scope INTEGER PRIMARY KEY, number INTEGER NOT NULL)
            """, """
            CREATE TABLE IF NOT EXISTS {document} (
              name TEXT PRIMARY KEY NOT NULL,
              revision INTEGER NOT NULL,
              json TEXT NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {replica} (
              replica_id TEXT PRIMARY KEY NOT NULL,
              node TEXT NOT NULL,
              build TEXT NOT NULL,
              fleet TEXT NOT NULL,
              newest_version INTEGER NOT NULL,
              baseline INTEGER NOT NULL,
              ready INTEGER NOT NULL,
              first_seen_us INTEGER NOT NULL,
              last_seen_us INTEGER NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {report} (
              replica_id TEXT PRIMARY KEY NOT NULL,
              json TEXT NOT NULL,
              reported_us INTEGER NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {lock} (
              name TEXT PRIMARY KEY NOT NULL,
              nonce TEXT NOT NULL,
              expires_us INTEGER NOT NULL
            )
            """);

    private static final String INSERT_FLOORS = """
            INSERT INTO {floor} (kb_partition, version) VALUES {rows} ON CONFLICT DO NOTHING
            """;

    private static final String INSERT_EPOCHS = """
            INSERT INTO {epoch} (scope, number) VALUES {rows} ON CONFLICT DO NOTHING
            """;

    private static final String INSERT_DOCUMENTS = """
            INSERT INTO {document} (name, revision, json) VALUES {rows} ON CONFLICT DO NOTHING
            """;

    private static final String INSERT_LOCK = """
            INSERT INTO {lock} (name, nonce, expires_us) VALUES (?, ?, {now} + ?) ON CONFLICT DO NOTHING
            """;

    private static final String PUT_REPLICA = """
            INSERT INTO {replica}
              (replica_id, node, build, fleet, newest_version, baseline, ready, first_seen_us, last_seen_us)
            SELECT ?, ?, ?, ?, ?, ?, ?, us, us FROM (SELECT {now} AS us) AS c WHERE true
            ON CONFLICT (replica_id) DO UPDATE SET node = excluded.node, build = excluded.build, fleet = excluded.fleet,
              newest_version = excluded.newest_version, baseline = excluded.baseline, ready = excluded.ready,
              last_seen_us = excluded.last_seen_us
            """;

    private static final String PUT_REPORT = """
            INSERT INTO {report} (replica_id, json, reported_us) VALUES (?, ?, {now})
            ON CONFLICT (replica_id) DO UPDATE SET json = excluded.json, reported_us = excluded.reported_us
            """;

    private static final String INSERT_KB = """
            INSERT INTO {kb} (kb_partition, kb_id, incarnation, version) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
            """;

    private static final int BUSY = 5;
    private static final int LOCKED = 6;
    private static final int SCHEMA = 17;
    private static final int ERROR = 1;

    @Override
    List<String> createTables() {
        return TABLES;
    }

    @Override
    String insertFloors() {
        return INSERT_FLOORS;
    }

    @Override
    String insertEpochs() {
        return INSERT_EPOCHS;
    }

    @Override
    String insertDocuments() {
        return INSERT_DOCUMENTS;
    }

    @Override
    String putReplica() {
        return PUT_REPLICA;
    }

    @Override
    String putReport() {
        return PUT_REPORT;
    }

    @Override
    String insertKb() {
        return INSERT_KB;
    }

    @Override
    String insertLock() {
        return INSERT_LOCK;
    }

    @Override
    String now() {
        return "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)";
    }

    @Override
    String forShare() {
        return "";
    }

    @Override
    String forUpdateSkippingLocked() {
        return "";
    }

    @Override
    String forUpdate() {
        return "";
    }

    /** SQLITE_BUSY, SQLITE_LOCKED and SQLITE_SCHEMA, whose upper bytes may hold details. */
    @Override
    boolean isRetryable(SQLException error) {
        int primary = error.getErrorCode() & 0xFF;
        return primary == BUSY || primary == LOCKED || primary == SCHEMA;
    }

    @Override
    boolean isCollision(SQLException error) {
        return false;
    }

    /** SQLite has one code for every error in a statement, so the caller checks whether the tables exist. */
    @Override
    boolean isMissingTable(SQLException error) {
        return error.getErrorCode() == ERROR;
    }

    @Override
    SessionSettings sessionSettings() {
        return new SessionSettings.Sqlite();
    }

    @Override
    int begin(Connection connection, Duration timeout) throws SQLException {
        connection.setAutoCommit(true);
        execute(connection, "BEGIN IMMEDIATE");
        return UNCHANGED;
    }

    @Override
    void beginForHost(Connection connection) throws SQLException {
        connection.setAutoCommit(true);
        execute(connection, "BEGIN IMMEDIATE");
    }

    @Override
    void commit(Connection connection) throws SQLException {
        execute(connection, "COMMIT");
    }

    @Override
    void rollback(Connection connection) throws SQLException {
        execute(connection, "ROLLBACK");
    }
}
