package dev.kbmigrator.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * H2, in memory, in a file or as a server. Ids are stored as bytes, because a database-wide collation could treat two
 * different ids as equal. H2 has no shared row locks: where other databases lock a row for share, H2 locks it exclusively,
 * and no longer.
 */
final class H2Dialect extends StandardDialect {

    private static final List<String> TABLES = List.of("""
            CREATE TABLE IF NOT EXISTS {kb} (
              kb_partition SMALLINT NOT NULL,
              kb_id VARBINARY(255) NOT NULL,
              incarnation BIGINT NOT NULL,
              version BIGINT NOT NULL,
              PRIMARY KEY (kb_partition, kb_id)
            )
            """, """
            CREATE TABLE IF NOT EXISTS {attempt} (
              kb_partition SMALLINT NOT NULL,
              kb_id VARBINARY(255) NOT NULL,
              version BIGINT NOT NULL,
              failures INTEGER NOT NULL,
              error VARCHAR(2000),
              failed_us BIGINT NOT NULL,
              due_us BIGINT NOT NULL,
              set_aside SMALLINT NOT NULL,
              checkpoint VARCHAR(65536),
              PRIMARY KEY (kb_partition, kb_id)
            )
            """, """
            CREATE TABLE IF NOT EXISTS {floor} (kb_partition SMALLINT PRIMARY KEY, version BIGINT NOT NULL)
            """, """
            CREATE TABLE IF NOT EXISTS {epoch} (scope SMALLINT PRIMARY KEY, number BIGINT NOT NULL)
            """, """
            CREATE TABLE IF NOT EXISTS {document} (
              name VARCHAR(200) PRIMARY KEY,
              revision BIGINT NOT NULL,
              json VARCHAR(1048576) NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {replica} (
              replica_id VARCHAR(100) PRIMARY KEY,
              node VARCHAR(200) NOT NULL,
              build VARCHAR(200) NOT NULL,
              fleet VARCHAR(200),
              newest_version BIGINT NOT NULL,
              baseline BIGINT NOT NULL,
              ready SMALLINT NOT NULL,
              first_seen_us BIGINT NOT NULL,
              last_seen_us BIGINT NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {report} (
              replica_id VARCHAR(100) PRIMARY KEY,
              json VARCHAR(8192) NOT NULL,
              reported_us BIGINT NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {lock} (
              name VARCHAR(100) PRIMARY KEY,
              nonce VARCHAR(100) NOT NULL,
              expires_us BIGINT NOT NULL
            )
            """);

    private static final String INSERT_FLOORS = """
            INSERT INTO {floor} (kb_partition, version) SELECT * FROM (VALUES {rows}) v (id, number)
            WHERE NOT EXISTS (SELECT 1 FROM {floor} t WHERE t.kb_partition = v.id)
            """;

    private static final String INSERT_EPOCHS = """
            INSERT INTO {epoch} (scope, number) SELECT * FROM (VALUES {rows}) v (id, number)
            WHERE NOT EXISTS (SELECT 1 FROM {epoch} t WHERE t.scope = v.id)
            """;

    private static final String INSERT_DOCUMENTS = """
            INSERT INTO {document} (name, revision, json) SELECT * FROM (VALUES {rows}) v (name, revision, json)
            WHERE NOT EXISTS (SELECT 1 FROM {document} t WHERE t.name = v.name)
            """;

    private static final String INSERT_LOCK = """
            INSERT INTO {lock} (name, nonce, expires_us) SELECT * FROM (VALUES (?, ?, {now} + ?)) v (name, nonce, expires_us)
            WHERE NOT EXISTS (SELECT 1 FROM {lock} t WHERE t.name = v.name)
            """;

    private static final String PUT_REPLICA = """
            MERGE INTO {replica} r
            USING (SELECT CAST(? AS VARCHAR) AS id, CAST(? AS VARCHAR) AS node, CAST(? AS VARCHAR) AS build,
                     CAST(? AS VARCHAR) AS fleet, CAST(? AS BIGINT) AS newest, CAST(? AS BIGINT) AS baseline,
                     CAST(? AS SMALLINT) AS ready, {now} AS us) s
            ON (r.replica_id = s.id)
            WHEN MATCHED THEN UPDATE SET node = s.node, build = s.build, fleet = s.fleet, newest_version = s.newest,
              baseline = s.baseline, ready = s.ready, last_seen_us = s.us
            WHEN NOT MATCHED THEN
              INSERT (replica_id, node, build, fleet, newest_version, baseline, ready, first_seen_us, last_seen_us)
              VALUES (s.id, s.node, s.build, s.fleet, s.newest, s.baseline, s.ready, s.us, s.us)
            """;

    private static final String PUT_REPORT = """
            MERGE INTO {report} r
            USING (SELECT CAST(? AS VARCHAR) AS id, CAST(? AS VARCHAR) AS json, {now} AS us) s
            ON (r.replica_id = s.id)
            WHEN MATCHED THEN UPDATE SET json = s.json, reported_us = s.us
            WHEN NOT MATCHED THEN INSERT (replica_id, json, reported_us) VALUES (s.id, s.json, s.us)
            """;

    private static final String INSERT_KB = """
            MERGE INTO {kb} k
            USING (SELECT CAST(? AS SMALLINT) AS p, CAST(? AS VARBINARY) AS id, CAST(? AS BIGINT) AS i, CAST(? AS BIGINT) AS v) s
            ON (k.kb_partition = s.p AND k.kb_id = s.id)
            WHEN NOT MATCHED THEN INSERT (kb_partition, kb_id, incarnation, version) VALUES (s.p, s.id, s.i, s.v)
            """;

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
        return "CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP(6)) * 1000000 AS BIGINT)";
    }

    @Override
    String forShare() {
        return "FOR UPDATE";
    }

    /** Lock timeout, deadlock, concurrent update, and a key that another transaction just inserted. */
    @Override
    boolean isRetryable(SQLException error) {
        return hasCode(error, 50200, 40001, 90131, 23505);
    }

    /** Table or index already exists, unique violation. */
    @Override
    boolean isCollision(SQLException error) {
        return hasCode(error, 42101, 42111, 23505, 90045);
    }

    /** Table not found, alone or with similar names. */
    @Override
    boolean isMissingTable(SQLException error) {
        return hasCode(error, 42102, 42103, 42104);
    }

    @Override
    SessionSettings sessionSettings() {
        return new SessionSettings.H2();
    }

    /** The form that H2 understands in each of its compatibility modes. */
    @Override
    String limitRows() {
        return "FETCH FIRST ? ROWS ONLY";
    }

    @Override
    boolean isInTransaction(Connection connection) throws SQLException {
        return queryFlag(
                connection,
                "SELECT CONTAINS_UNCOMMITTED FROM INFORMATION_SCHEMA.SESSIONS WHERE SESSION_ID = SESSION_ID()");
    }

    /** Statement cancelled, or timed out. */
    @Override
    boolean isTimeLimit(SQLException error) {
        return hasCode(error, 57014);
    }

    @Override
    int begin(Connection connection, Duration timeout) throws SQLException {
        int isolation = connection.getTransactionIsolation();
        if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        }
        connection.setAutoCommit(false);
        return isolation == Connection.TRANSACTION_READ_COMMITTED ? UNCHANGED : isolation;
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
