package dev.kbmigrator.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * MariaDB 10.6 and later, and MySQL 8. Ids are stored as bytes, because even a binary collation treats {@code "a"} and
 * {@code "a "} as equal. Transactions read committed data: at the default isolation level, an update before an insert usually
 * ends in a deadlock.
 */
final class MariaDbDialect extends StandardDialect {

    private static final List<String> TABLES = List.of("""
            CREATE TABLE IF NOT EXISTS {kb} (
              kb_partition SMALLINT NOT NULL,
              kb_id VARBINARY(255) NOT NULL,
              incarnation BIGINT NOT NULL,
              version BIGINT NOT NULL,
              PRIMARY KEY (kb_partition, kb_id)
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {attempt} (
              kb_partition SMALLINT NOT NULL,
              kb_id VARBINARY(255) NOT NULL,
              version BIGINT NOT NULL,
              failures INT NOT NULL,
              error TEXT CHARACTER SET utf8mb4,
              failed_us BIGINT NOT NULL,
              due_us BIGINT NOT NULL,
              set_aside SMALLINT NOT NULL,
              checkpoint MEDIUMTEXT CHARACTER SET utf8mb4,
              PRIMARY KEY (kb_partition, kb_id)
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {floor} (
              kb_partition SMALLINT PRIMARY KEY,
              version BIGINT NOT NULL
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {epoch} (
              scope SMALLINT PRIMARY KEY,
              number BIGINT NOT NULL
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {document} (
              name VARBINARY(200) PRIMARY KEY,
              revision BIGINT NOT NULL,
              json MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {replica} (
              replica_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
              node VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
              build VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
              fleet VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
              newest_version BIGINT NOT NULL,
              baseline BIGINT NOT NULL,
              ready SMALLINT NOT NULL,
              first_seen_us BIGINT NOT NULL,
              last_seen_us BIGINT NOT NULL
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {report} (
              replica_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
              json TEXT CHARACTER SET utf8mb4 NOT NULL,
              reported_us BIGINT NOT NULL
            ) ENGINE = InnoDB
            """, """
            CREATE TABLE IF NOT EXISTS {lock} (
              name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
              nonce VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
              expires_us BIGINT NOT NULL
            ) ENGINE = InnoDB
            """);

    private static final String INSERT_FLOORS = """
            INSERT IGNORE INTO {floor} (kb_partition, version) VALUES {rows}
            """;

    private static final String INSERT_EPOCHS = """
            INSERT IGNORE INTO {epoch} (scope, number) VALUES {rows}
            """;

    private static final String INSERT_DOCUMENTS = """
            INSERT IGNORE INTO {document} (name, revision, json) VALUES {rows}
            """;

    private static final String INSERT_LOCK = """
            INSERT IGNORE INTO {lock} (name, nonce, expires_us) VALUES (?, ?, {now} + ?)
            """;

    private static final String PUT_REPLICA = """
            INSERT INTO {replica}
              (replica_id, node, build, fleet, newest_version, baseline, ready, first_seen_us, last_seen_us)
            SELECT ?, ?, ?, ?, ?, ?, ?, us, us FROM (SELECT {now} AS us) AS c
            ON DUPLICATE KEY UPDATE node = VALUES(node), build = VALUES(build), fleet = VALUES(fleet),
              newest_version = VALUES(newest_version), baseline = VALUES(baseline), ready = VALUES(ready),
              last_seen_us = VALUES(last_seen_us)
            """;

    private static final String PUT_REPORT = """
            INSERT INTO {report} (replica_id, json, reported_us) VALUES (?, ?, {now})
            ON DUPLICATE KEY UPDATE json = VALUES(json), reported_us = VALUES(reported_us)
            """;

    private static final String INSERT_KB = """
            INSERT IGNORE INTO {kb} (kb_partition, kb_id, incarnation, version) VALUES (?, ?, ?, ?)
            """;

    private static final String MARIADB_SETTINGS = """
            SET @kb_migrator_wait = @@SESSION.innodb_lock_wait_timeout, @kb_migrator_idle = @@SESSION.idle_transaction_timeout,
              @kb_migrator_time = @@SESSION.max_statement_time, @kb_migrator_isolation = @@SESSION.tx_isolation,
              SESSION innodb_lock_wait_timeout = %1$d, SESSION idle_transaction_timeout = %1$d,
              SESSION max_statement_time = %1$d, SESSION tx_isolation = 'READ-COMMITTED'
            """;

    private static final String MARIADB_RESTORE = """
            SET SESSION innodb_lock_wait_timeout = @kb_migrator_wait, SESSION idle_transaction_timeout = @kb_migrator_idle,
              SESSION max_statement_time = @kb_migrator_time, SESSION tx_isolation = @kb_migrator_isolation
            """;

    private static final String MYSQL_SETTINGS = """
            SET @kb_migrator_wait = @@SESSION.innodb_lock_wait_timeout,
              @kb_migrator_isolation = @@SESSION.transaction_isolation,
              SESSION innodb_lock_wait_timeout = %1$d, SESSION transaction_isolation = 'READ-COMMITTED'
            """;

    private static final String MYSQL_RESTORE = """
            SET SESSION innodb_lock_wait_timeout = @kb_migrator_wait,
              SESSION transaction_isolation = @kb_migrator_isolation
            """;

    private final boolean mariaDb;

    MariaDbDialect(boolean mariaDb) {
        this.mariaDb = mariaDb;
    }

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
        return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))";
    }

    @Override
    String forShare() {
        return "LOCK IN SHARE MODE";
    }

    /** Deadlock, lock wait timeout, row changed since the snapshot. */
    @Override
    boolean isRetryable(SQLException error) {
        return hasCode(error, 1213, 1205, 1020) || hasState(error, "40001");
    }

    /** Table exists, deadlock, table definition changed. */
    @Override
    boolean isCollision(SQLException error) {
        return hasCode(error, 1050, 1412);
    }

    @Override
    boolean isMissingTable(SQLException error) {
        return hasCode(error, 1146);
    }

    /** For a list with one key, an update or a delete does not use the primary key: it would read, and lock, every row. */
    @Override
    String keysIn(int keys) {
        return keys == 1
                ? "kb_partition = ? AND kb_id = ?"
                : "(kb_partition, kb_id) IN (" + Placeholders.pairs(keys) + ")";
    }

    @Override
    boolean onePartitionAtOnce() {
        return false;
    }

    /** Saves the session's settings in variables, from which {@link #restore} restores them. MySQL has fewer settings. */
    @Override
    int begin(Connection connection, Duration timeout) throws SQLException {
        connection.setAutoCommit(true);
        limit(connection, timeout);
        execute(connection, "START TRANSACTION");
        return UNCHANGED;
    }

    @Override
    void beginForHost(Connection connection) throws SQLException {
        connection.setAutoCommit(true);
        execute(connection, "START TRANSACTION");
    }

    @Override
    void limit(Connection connection, Duration timeout) throws SQLException {
        execute(
                connection,
                String.format(
                        Locale.ROOT, mariaDb ? MARIADB_SETTINGS : MYSQL_SETTINGS, Math.max(1, timeout.toSeconds())));
    }

    @Override
    void commit(Connection connection) throws SQLException {
        execute(connection, "COMMIT");
    }

    @Override
    void rollback(Connection connection) throws SQLException {
        execute(connection, "ROLLBACK");
    }

    @Override
    void restore(Connection connection, int isolation) throws SQLException {
        execute(connection, mariaDb ? MARIADB_RESTORE : MYSQL_RESTORE);
    }

    @Override
    SessionSettings sessionSettings() {
        return new SessionSettings.MariaDb();
    }

    @Override
    String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    @Override
    boolean isInTransaction(Connection connection) throws SQLException {
        return mariaDb && queryFlag(connection, "SELECT @@SESSION.in_transaction");
    }

    /** Interrupted because of max_statement_time (MariaDB) or max_execution_time (MySQL). */
    @Override
    boolean isTimeLimit(SQLException error) {
        return hasCode(error, 1969, 3024);
    }

    @Override
    void setKbId(PreparedStatement statement, int index, String kbId) throws SQLException {
        statement.setBytes(index, kbId.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    String getKbId(ResultSet rows, int column) throws SQLException {
        return new String(rows.getBytes(column), StandardCharsets.UTF_8);
    }
}
