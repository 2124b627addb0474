package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a database differs from the others in types, clock, locks, errors and transactions. Stateless. */
abstract class Dialect {

    /** What {@link #begin} returns when there is no isolation level to restore. */
    static final int UNCHANGED = Connection.TRANSACTION_NONE;

    /** The statements that create the tables, that of the KBs first. Running them twice is harmless. */
    abstract List<String> createTables();

    /** Inserts the floors of {@code {rows}}, except those that exist. */
    abstract String insertFloors();

    /** Inserts the epochs of {@code {rows}}, except those that exist. */
    abstract String insertEpochs();

    /** Inserts the documents of {@code {rows}}, except those that exist. */
    abstract String insertDocuments();

    /** The database's clock, in microseconds since 1970: the current time, not the start of the transaction. */
    abstract String now();

    /** The clause that makes a SELECT lock its rows against changes, shared with other readers where the database can. */
    abstract String forShare();

    /** The clause that makes a SELECT lock its rows. */
    String forUpdate() {
        return "FOR UPDATE";
    }

    /** The clause that makes a SELECT lock its rows, and skip those that are locked. */
    String forUpdateSkippingLocked() {
        return "FOR UPDATE SKIP LOCKED";
    }

    /** Whether the database rolled a statement or a transaction back because of a conflict. */
    abstract boolean isRetryable(SQLException error);

    /** Whether two replicas that created the tables at the same time were in conflict. */
    abstract boolean isCollision(SQLException error);

    /** Whether a table does not exist. */
    abstract boolean isMissingTable(SQLException error);

    /** The most writes in a batch. */
    int maxBatch() {
        return 256;
    }

    /** Whether {@link #keysIn} takes only keys of the same partition. */
    boolean onePartitionAtOnce() {
        return true;
    }

    /** The condition that selects KBs by so many keys. With {@link #onePartitionAtOnce}, the partition is bound once, first. */
    String keysIn(int keys) {
        return "kb_partition = ? AND kb_id IN (" + Placeholders.list(keys) + ")";
    }

    /**
     * Begins a transaction that reads committed data, and that cannot block others for longer than the timeout. Returns the
     * isolation level to pass to {@link #restore}, or {@link #UNCHANGED}.
     */
    abstract int begin(Connection connection, Duration timeout) throws SQLException;

    /** Begins a transaction for a migration, which may take as long as it needs. */
    void beginForHost(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
    }

    /** From here on the open transaction cannot block others for longer than the timeout; {@link #restore} undoes this. */
    void limit(Connection connection, Duration timeout) throws SQLException {}

    /** Commits the transaction. */
    void commit(Connection connection) throws SQLException {
        connection.commit();
    }

    /** Rolls the transaction back. */
    void rollback(Connection connection) throws SQLException {
        connection.rollback();
    }

    /** Restores the settings of a connection that {@link #begin} or {@link #limit} changed. */
    void restore(Connection connection, int isolation) throws SQLException {
        if (isolation != UNCHANGED) {
            connection.setTransactionIsolation(isolation);
        }
    }

    /** A name in quotes. */
    String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /** The database that the driver connects to, where statements cannot name it; null elsewhere. No round trip. */
    @Nullable
    String databaseByDriver(Connection connection) throws SQLException {
        return null;
    }

    /** The same database as the server calls it, which may differ if the driver connects to a pooler's alias. */
    @Nullable
    String databaseByServer(Connection connection) throws SQLException {
        return null;
    }

    /** How the settings of a session are read and restored. */
    abstract SessionSettings sessionSettings();

    /** The clause that limits a query to a number of rows, which is bound. */
    String limitRows() {
        return "LIMIT ?";
    }

    /** Whether a transaction is open on a connection with auto-commit off; false where the database does not say. */
    boolean isInTransaction(Connection connection) throws SQLException {
        return false;
    }

    /** Whether a statement was ended because it took too long: fewer rows may succeed. */
    boolean isTimeLimit(SQLException error) {
        return false;
    }

    /** Binds a KB's id. Ids are compared byte by byte. */
    void setKbId(PreparedStatement statement, int index, String kbId) throws SQLException {
        statement.setString(index, kbId);
    }

    /** Reads a KB's id. */
    String getKbId(ResultSet rows, int column) throws SQLException {
        return rows.getString(column);
    }

    static boolean queryFlag(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() && rows.getBoolean(1);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static boolean hasState(SQLException error, String... states) {
        String state = error.getSQLState();
        return state != null && List.of(states).contains(state);
    }

    static boolean hasCode(SQLException error, Integer... codes) {
        return List.of(codes).contains(error.getErrorCode());
    }
}
