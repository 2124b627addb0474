package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What differs between databases in the way of types, clocks, errors and transactions. Stateless. */
abstract class Dialect {

    /** The isolation of a connection that {@link #begin} has left as it was. */
    static final int UNCHANGED = Connection.TRANSACTION_NONE;

    /** The databases that are known; any other is refused, because a guess could lose data. */
    static Dialect of(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        return switch (product.toLowerCase(Locale.ROOT)) {
            case "postgresql" -> new PostgresDialect();
            case "mariadb" -> new MariaDbDialect(true);
            case "mysql" -> new MariaDbDialect(false);
            case "h2" -> new H2Dialect();
            case "sqlite" -> new SqliteDialect();
            default ->
                throw new StateStoreException("the database \"" + product + "\" is not one that the library knows:"
                        + " PostgreSQL, MariaDB, MySQL, H2 and SQLite are. For another, implement"
                        + " dev.kbmigrator.spi.StateStore and prove it with the test kit");
        };
    }

    /** How the state's statements are put. */
    abstract StateSql state(Database database);

    /** How the lock's statements are put. */
    abstract LockSql lock(Database database);

    /** The statements that make the tables, the KBs' first; each can be repeated. */
    abstract List<String> tables();

    /** Inserts rows, but for those whose key is there. */
    abstract String insertIgnoring(String tableAndColumns, String rows);

    /** The database's clock, in microseconds since 1970, as of now rather than of the transaction's start. */
    abstract String now();

    /** What makes a SELECT lock its rows against a change, but not against each other, where the database can. */
    abstract String forShare();

    /** What makes a SELECT lock its rows, leaving out those that are locked. */
    abstract String forUpdateSkippingLocked();

    /** What makes a SELECT lock its rows. */
    abstract String forUpdate();

    /** Whether the database has undone a statement because others were in the way, and says so. */
    abstract boolean isRetryable(SQLException error);

    /** Whether two replicas that make the tables at once got into each other's way. */
    abstract boolean isCollision(SQLException error);

    /** Whether a table is not there. */
    abstract boolean isMissingTable(SQLException error);

    /** How many writes a batch takes at most. */
    int maxBatch() {
        return 256;
    }

    /** Picks KBs by their keys, for as many as there are. */
    abstract String keysIn(int keys);

    /** How many keys one statement takes. */
    abstract int keysAtOnce();

    /** Whether keys that one statement takes are of one partition. */
    boolean onePartitionAtOnce() {
        return true;
    }

    /**
     * Begins a transaction that reads what is committed, and cannot stand still for long. Answers the connection's isolation
     * before, for {@link #restore}, where the dialect sets another one through the driver.
     */
    abstract int begin(Connection connection, Duration timeout) throws SQLException;

    /** Begins a transaction of a migration, which may take its time. */
    void beginForHost(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
    }

    /** From here on the transaction that is open may not stand still for long; undone by {@link #restore}. */
    void limit(Connection connection, Duration timeout) throws SQLException {}

    /** Ends a transaction for good. */
    void commit(Connection connection) throws SQLException {
        connection.commit();
    }

    /** Undoes a transaction. */
    void rollback(Connection connection) throws SQLException {
        connection.rollback();
    }

    /** Gives a connection back the settings that {@link #begin} has changed. */
    void restore(Connection connection, int isolation) throws SQLException {
        if (isolation != UNCHANGED) {
            connection.setTransactionIsolation(isolation);
        }
    }

    /** Whether a table is there; asks in a way that cannot fail, as that would end a host's transaction on some databases. */
    boolean isInCatalogue(Connection connection, JdbcSettings settings, String table) throws SQLException {
        DatabaseMetaData catalogue = connection.getMetaData();
        String schema = settings.schema() == null ? connection.getSchema() : stored(catalogue, settings.schema());
        return isInCatalogue(catalogue, connection.getCatalog(), schema, settings.tablePrefix() + table);
    }

    static boolean isInCatalogue(
            DatabaseMetaData catalogue, @Nullable String database, @Nullable String schema, String table)
            throws SQLException {
        String pattern = stored(catalogue, table).replace("_", catalogue.getSearchStringEscape() + "_");
        try (ResultSet tables = catalogue.getTables(database, schema, pattern, null)) {
            return tables.next();
        }
    }

    /** A name as the catalogue spells it. */
    private static String stored(DatabaseMetaData catalogue, String name) throws SQLException {
        if (catalogue.storesUpperCaseIdentifiers()) {
            return name.toUpperCase(Locale.ROOT);
        }
        return catalogue.storesLowerCaseIdentifiers() ? name.toLowerCase(Locale.ROOT) : name;
    }

    /** Binds a KB's id, so that it is compared byte by byte. */
    void setKbId(PreparedStatement statement, int index, String kbId) throws SQLException {
        statement.setString(index, kbId);
    }

    /** Reads a KB's id. */
    String getKbId(ResultSet rows, int column) throws SQLException {
        return rows.getString(column);
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
