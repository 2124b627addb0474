package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections and transactions. Each call borrows a connection and returns it with its settings unchanged. What the database
 * rolled back because of a conflict is tried again. Any other error is passed on, because its effect is unknown. The first call
 * finds out where the tables are; missing tables are created, unless this object has already worked with them. A transaction
 * that the caller has begun is never ended. Safe for use by many threads.
 */
final class Database {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int ATTEMPTS = 20;

    /** The connection of the transactional part that a thread runs. */
    private static final ThreadLocal<@Nullable Bound> OF_PART = new ThreadLocal<>();

    private final JdbcSettings settings;
    private final Set<String> databaseNames = ConcurrentHashMap.newKeySet();
    private volatile @Nullable TableLocation location;
    private volatile boolean worked;
    private volatile boolean warnedOfPooler;

    /** A connection that this object has lent to a part. */
    private record Bound(Database database, Connection connection) {}

    /** What to do with a connection. It can fail with errors of its own besides those of the database. */
    interface Work<T, E extends Exception> {
        T apply(Connection connection) throws SQLException, E;
    }

    /** How a call uses transactions. */
    private enum Mode {
        /** Each statement is a transaction of its own. */
        AUTOCOMMIT,
        /** All statements are one transaction. */
        TRANSACTION
    }

    Database(JdbcSettings settings) {
        this.settings = settings;
    }

    JdbcSettings settings() {
        return settings;
    }

    /** The database's dialect. */
    Dialect dialect() {
        return tables().dialect();
    }

    /** Where the tables are. The first call finds out, and borrows a connection for that. */
    TableLocation tables() {
        TableLocation known = location;
        if (known == null) {
            try {
                known = search();
                location = known;
            } catch (SQLException e) {
                throw failure("connect to the database", e);
            }
        }
        return known;
    }

    private TableLocation search() throws SQLException {
        return borrow(connection -> {
            setAutoCommit(connection);
            return TableSearch.locate(connection, settings);
        });
    }

    /** Where the tables are for a connection of the host, without another one. */
    TableLocation tablesFor(Connection host) throws SQLException {
        TableLocation known = location;
        if (known == null || !(known.complete() || worked)) {
            return TableSearch.locate(host, settings);
        }
        checkDatabase(host, known);
        return known;
    }

    /**
     * Does something with each statement as a transaction of its own.
     *
     * @param what what it does, to follow "could not" in an error
     */
    <T> T autocommit(String what, Work<T, SQLException> work) {
        return call(what, Mode.AUTOCOMMIT, work);
    }

    /**
     * Reads something. On the thread of a transactional part, this takes place on the part's connection, so that it needs no
     * second one.
     *
     * @param what what it does, to follow "could not" in an error
     */
    <T> T read(String what, Work<T, SQLException> work) {
        Bound part = OF_PART.get();
        if (part == null || part.database() != this) {
            return call(what, Mode.AUTOCOMMIT, work);
        }
        try {
            return work.apply(part.connection());
        } catch (SQLException e) {
            throw failure(what, e);
        }
    }

    /**
     * Does something in one transaction.
     *
     * @param what what it does, to follow "could not" in an error
     */
    <T> T transaction(String what, Work<T, SQLException> work) {
        return call(what, Mode.TRANSACTION, work);
    }

    private <T> T call(String what, Mode mode, Work<T, SQLException> work) {
        TableLocation known = tables();
        Dialect dialect = known.dialect();
        boolean installed = !worked && !known.complete();
        if (installed) {
            install(known, new Tables.Incomplete());
        }
        for (int attempt = 1; ; attempt++) {
            try {
                T result = once(mode, dialect, work);
                worked = true;
                return result;
            } catch (SQLException e) {
                if (!installed && (e instanceof Tables.Incomplete || dialect.isMissingTable(e))) {
                    install(known, e);
                    installed = true;
                    continue;
                }
                if (attempt == ATTEMPTS || !dialect.isRetryable(e)) {
                    warnOfPooler(e);
                    throw failure(what, e);
                }
                LOG.atDebug().setCause(Secrets.masked(e)).log("Trying again to {} after a conflict", what);
            }
            RetryPause.after(attempt);
        }
    }

    private <T> T once(Mode mode, Dialect dialect, Work<T, SQLException> work) throws SQLException {
        return borrow(connection -> {
            if (mode == Mode.TRANSACTION) {
                return inTransaction(connection, dialect, work);
            }
            setAutoCommit(connection);
            return work.apply(connection);
        });
    }

    private static void setAutoCommit(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            try {
                connection.setAutoCommit(true);
            } catch (SQLException e) {
                if (CallersTransaction.isControlledElsewhere(connection, e)) {
                    throw CallersTransaction.controlledElsewhere(e);
                }
                throw e;
            }
        }
    }

    /** Borrows a connection, once, and returns it with auto-commit as it was. */
    <T, E extends Exception> T borrow(Work<T, E> work) throws SQLException, E {
        try (Connection connection = settings.dataSource().getConnection()) {
            TableLocation known = location;
            Dialect dialect = known == null ? DialectDetector.detect(connection) : known.dialect();
            boolean autocommit = connection.getAutoCommit();
            if (!autocommit) {
                CallersTransaction.refuse(connection, dialect);
            }
            try {
                if (known != null) {
                    checkDatabase(connection, known);
                }
                return work.apply(connection);
            } finally {
                restoreAutoCommit(connection, autocommit);
            }
        }
    }

    /** Refuses a connection to another database. Asks the server only if the driver's name for the database is not known. */
    private void checkDatabase(Connection connection, TableLocation tables) throws SQLException {
        TableLocation.DatabaseName database = tables.database();
        String name = database == null ? null : tables.dialect().databaseByDriver(connection);
        if (database == null || name == null || name.equals(database.byDriver()) || databaseNames.contains(name)) {
            return;
        }
        String actual = tables.dialect().databaseByServer(connection);
        if (!database.byServer().equals(actual)) {
            throw new StateStoreException("the connection goes to the database \"" + actual + "\", but "
                    + tables.description() + " are in the database \"" + database.byServer()
                    + "\": pass a data source, and connections, that go to that one database");
        }
        databaseNames.add(name);
    }

    /** The same for a transactional part: what this thread reads meanwhile, it reads on that connection. */
    <T, E extends Exception> T borrowForPart(Work<T, E> work) throws SQLException, E {
        return borrow(connection -> {
            OF_PART.set(new Bound(this, connection));
            try {
                return work.apply(connection);
            } finally {
                OF_PART.remove();
            }
        });
    }

    private <T> T inTransaction(Connection connection, Dialect known, Work<T, SQLException> work) throws SQLException {
        int isolation = Dialect.UNCHANGED;
        try {
            isolation = known.begin(connection, settings.transactionTimeout());
            T result = work.apply(connection);
            known.commit(connection);
            return result;
        } catch (SQLException | RuntimeException | Error e) {
            rollback(connection, known, e);
            throw e;
        } finally {
            try {
                known.restore(connection, isolation);
            } catch (SQLException e) {
                LOG.atDebug().setCause(e).log("Could not restore the session settings of a connection");
            }
        }
    }

    static void rollback(Connection connection, Dialect known, Throwable cause) {
        try {
            known.rollback(connection);
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    static void restoreAutoCommit(Connection connection, boolean autocommit) {
        try {
            if (connection.getAutoCommit() != autocommit) {
                connection.setAutoCommit(autocommit);
            }
        } catch (SQLException e) {
            // The connection is broken; the pool will notice
            LOG.atDebug().setCause(e).log("Could not restore auto-commit on a connection");
        }
    }

    /** Creates the tables, if tables are what is missing, and if this object has never worked with them. */
    private void install(TableLocation known, SQLException missing) {
        // Before the search: another thread may create the tables meanwhile, and work with them
        boolean hasWorked = worked;
        try {
            borrow(connection -> {
                setAutoCommit(connection);
                TableLocation now = TableSearch.locate(connection, settings);
                if (!now.schema().equals(known.schema())) {
                    throw new StateStoreException("the connection would use the schema \"" + now.schema()
                            + "\", but this process has found " + known.description() + " in the schema \""
                            + known.schema() + "\": name one with JdbcSettings.withSchema");
                }
                if (now.complete() && Tables.isDocumented(connection, now)) {
                    location = now;
                } else if (hasWorked) {
                    throw new StateStoreException(known.description()
                            + " are gone or damaged, although this process has worked with them: they are not created again,"
                            + " because their contents would be lost unnoticed. Restore them, or restart the process to"
                            + " begin with empty ones");
                } else {
                    Tables.install(connection, now);
                    location = TableSearch.locate(connection, settings);
                    LOG.atInfo().log("Created the tables {} in the schema {}", names(), now.schema());
                }
                return true;
            });
        } catch (SQLException e) {
            e.addSuppressed(missing);
            throw new StateStoreException(
                    StateStoreException.Kind.OUTAGE,
                    known.description() + " are missing and could not be created: " + Secrets.masked(e.getMessage())
                            + ". Allow this user to create tables, or run the statements that JdbcStateStore.ddl()"
                            + " returns",
                    Secrets.masked(e));
        }
    }

    private String names() {
        return JdbcSettings.TABLES.stream()
                .map(table -> settings.tablePrefix() + table)
                .collect(Collectors.joining(", "));
    }

    /** Says once what is wrong if a pooler has mixed up the prepared statements of its clients. */
    private void warnOfPooler(SQLException e) {
        if (PostgresDialect.isPoolerMixUp(e) && !warnedOfPooler) {
            warnedOfPooler = true;
            LOG.atWarn()
                    .log(
                            "A pooler between this process and the database mixes up prepared statements: {}. Add"
                                    + " prepareThreshold=0 to the URL, or use PgBouncer 1.21 or later with max_prepared_statements",
                            Secrets.masked(e.getMessage()));
        }
    }

    static StateStoreException failure(String what, SQLException e) {
        return new StateStoreException(
                ErrorKinds.of(e), "could not " + what + ": " + Secrets.masked(e.getMessage()), Secrets.masked(e));
    }
}
