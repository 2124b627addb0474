package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** PostgreSQL, 14 and later, and what speaks its dialect. */
final class PostgresDialect extends Dialect {

    /** Room on each page for the new version of a row, so that moving a version touches no index. */
    private static final List<String> TABLES = List.of("""
            CREATE TABLE IF NOT EXISTS {kb} (
              kb_partition smallint NOT NULL,
              kb_id text COLLATE "C" NOT NULL,
              version bigint NOT NULL,
              PRIMARY KEY (kb_partition, kb_id)
            ) WITH (fillfactor = 70)
            """, """
            CREATE TABLE IF NOT EXISTS {attempt} (
              kb_partition smallint NOT NULL,
              kb_id text COLLATE "C" NOT NULL,
              version bigint NOT NULL,
              failures integer NOT NULL,
              error text,
              failed_us bigint NOT NULL,
              due_us bigint NOT NULL,
              set_aside smallint NOT NULL,
              checkpoint text,
              PRIMARY KEY (kb_partition, kb_id)
            ) WITH (fillfactor = 70)
            """, """
            CREATE TABLE IF NOT EXISTS {floor} (
              kb_partition smallint PRIMARY KEY,
              version bigint NOT NULL
            ) WITH (fillfactor = 50)
            """, """
            CREATE TABLE IF NOT EXISTS {epoch} (
              scope smallint PRIMARY KEY,
              number bigint NOT NULL
            ) WITH (fillfactor = 50)
            """, """
            CREATE TABLE IF NOT EXISTS {document} (
              name text COLLATE "C" PRIMARY KEY,
              revision bigint NOT NULL,
              json text NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {replica} (
              replica_id text COLLATE "C" PRIMARY KEY,
              host text NOT NULL,
              build text NOT NULL,
              newest_version bigint NOT NULL,
              safe_to_serve smallint NOT NULL,
              first_seen_us bigint NOT NULL,
              last_seen_us bigint NOT NULL
            ) WITH (fillfactor = 50)
            """, """
            CREATE TABLE IF NOT EXISTS {lock} (
              name text COLLATE "C" PRIMARY KEY,
              nonce text NOT NULL,
              expires_us bigint NOT NULL
            ) WITH (fillfactor = 50)
            """);

    @Override
    StateSql state(Database database) {
        return new PostgresStateSql(database, this);
    }

    @Override
    LockSql lock(Database database) {
        return new PostgresLockSql(database, this);
    }

    @Override
    List<String> tables() {
        return TABLES;
    }

    @Override
    String insertIgnoring(String tableAndColumns, String rows) {
        return "INSERT INTO " + tableAndColumns + " VALUES " + rows + " ON CONFLICT DO NOTHING";
    }

    @Override
    String now() {
        return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    }

    @Override
    String forShare() {
        return "FOR SHARE";
    }

    @Override
    String forUpdateSkippingLocked() {
        return "FOR UPDATE SKIP LOCKED";
    }

    @Override
    String forUpdate() {
        return "FOR UPDATE";
    }

    /** Serialization failure, deadlock, lock not available. */
    @Override
    boolean isRetryable(SQLException error) {
        return hasState(error, "40001", "40P01", "55P03");
    }

    /** Unique violation in the catalogue, duplicate table, duplicate object. */
    @Override
    boolean isCollision(SQLException error) {
        return hasState(error, "23505", "42P07", "42710");
    }

    @Override
    boolean isMissingTable(SQLException error) {
        return hasState(error, "42P01");
    }

    /** Many, because what a statement costs by itself, whatever its length, is spread over them. */
    @Override
    int maxBatch() {
        return 1_024;
    }

    @Override
    String keysIn(int keys) {
        return "(kb_partition, kb_id) IN (" + Placeholders.rows(keys, 2) + ")";
    }

    @Override
    int keysAtOnce() {
        return 256;
    }

    @Override
    boolean onePartitionAtOnce() {
        return false;
    }

    /**
     * Found as the statements find it, wherever it is in the search path. Without a table to read, the session would go on
     * believing, to the end of the transaction, that what it once missed is not there.
     */
    @Override
    boolean isInCatalogue(Connection connection, JdbcSettings settings, String table) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass(?))")) {
            statement.setString(1, settings.sql("{" + table + "}"));
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next() && rows.getBoolean(1);
            }
        }
    }

    /** All in one round trip. A pool may have chosen another isolation, under which a floor could be raised over a KB. */
    @Override
    int begin(Connection connection, Duration timeout) throws SQLException {
        connection.setAutoCommit(false);
        execute(connection, String.format(Locale.ROOT, """
                SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
                SET LOCAL idle_in_transaction_session_timeout = %1$d;
                SET LOCAL statement_timeout = %1$d
                """, timeout.toMillis()));
        return UNCHANGED;
    }

    @Override
    void limit(Connection connection, Duration timeout) throws SQLException {
        execute(connection, String.format(Locale.ROOT, """
                SET LOCAL idle_in_transaction_session_timeout = %1$d;
                SET LOCAL statement_timeout = %1$d
                """, timeout.toMillis()));
    }
}
