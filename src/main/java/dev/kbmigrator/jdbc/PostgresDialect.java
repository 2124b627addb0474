package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** PostgreSQL 14 and later. Frequent calls are a single statement each, with lists as arrays. */
final class PostgresDialect extends Dialect {

    /** Each page has room for the new version of a row, so that changing a KB's version touches no index. */
    private static final List<String> TABLES = List.of("""
            CREATE TABLE IF NOT EXISTS {kb} (
              kb_partition smallint NOT NULL,
              kb_id text COLLATE "C" NOT NULL,
              incarnation bigint NOT NULL,
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
              node text NOT NULL,
              build text NOT NULL,
              fleet text NOT NULL,
              newest_version bigint NOT NULL,
              baseline bigint NOT NULL,
              ready smallint NOT NULL,
              first_seen_us bigint NOT NULL,
              last_seen_us bigint NOT NULL
            ) WITH (fillfactor = 50)
            """, """
            CREATE TABLE IF NOT EXISTS {report} (
              replica_id text COLLATE "C" PRIMARY KEY,
              json text NOT NULL,
              reported_us bigint NOT NULL
            )
            """, """
            CREATE TABLE IF NOT EXISTS {lock} (
              name text COLLATE "C" PRIMARY KEY,
              nonce text NOT NULL,
              expires_us bigint NOT NULL
            ) WITH (fillfactor = 50)
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
    String now() {
        return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
    }

    @Override
    String forShare() {
        return "FOR SHARE";
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

    /** Many, to spread the fixed cost of a statement. */
    @Override
    int maxBatch() {
        return 1_024;
    }

    @Override
    String keysIn(int keys) {
        return "(kb_partition, kb_id) IN (" + Placeholders.pairs(keys) + ")";
    }

    @Override
    boolean onePartitionAtOnce() {
        return false;
    }

    @Override
    SessionSettings sessionSettings() {
        return new SessionSettings.Postgres();
    }

    @Override
    @Nullable
    String databaseByDriver(Connection connection) throws SQLException {
        return connection.getCatalog();
    }

    @Override
    String databaseByServer(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT current_database()")) {
            rows.next();
            return rows.getString(1);
        }
    }

    /** The driver knows; where it is hidden, the server says whether the transaction has changed or locked anything. */
    @Override
    boolean isInTransaction(Connection connection) throws SQLException {
        Object state = DriverState.of(connection, "org.postgresql.core.BaseConnection", "getTransactionState");
        if (state != null) {
            return !state.toString().equals("IDLE");
        }
        return queryFlag(connection, "SELECT pg_current_xact_id_if_assigned() IS NOT NULL");
    }

    /** Whether a statement was prepared on a connection of the server that a pooler has since given to somebody else. */
    static boolean isPoolerMixUp(SQLException error) {
        return hasState(error, "26000", "42P05")
                || (hasState(error, "08P01")
                        && String.valueOf(error.getMessage()).contains("bind message supplies"));
    }

    /** Query cancelled. */
    @Override
    boolean isTimeLimit(SQLException error) {
        return hasState(error, "57014");
    }

    /** One round trip. The pool may use another isolation level, at which a floor could be raised above a KB. */
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
