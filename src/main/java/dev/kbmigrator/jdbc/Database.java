package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections and transactions. Each call borrows a connection and returns it with its settings unchanged. What the database
 * rolled back because of a conflict is tried again. Any other error is passed on, because its effect is unknown. Missing
 * tables are created, once per call. Safe for use by many threads.
 */
final class Database {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int ATTEMPTS = 20;

    private final JdbcSettings settings;
    private volatile @Nullable Dialect dialect;

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

    /** The database's dialect. The first call detects it, and borrows a connection for that. */
    Dialect dialect() {
        Dialect known = dialect;
        if (known == null) {
            try (Connection connection = settings.dataSource().getConnection()) {
                known = DialectDetector.detect(connection);
                dialect = known;
            } catch (SQLException e) {
                throw failure("connect to the database", e);
            }
        }
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
     * Does something in one transaction.
     *
     * @param what what it does, to follow "could not" in an error
     */
    <T> T transaction(String what, Work<T, SQLException> work) {
        return call(what, Mode.TRANSACTION, work);
    }

    private <T> T call(String what, Mode mode, Work<T, SQLException> work) {
        Dialect known = dialect();
        boolean installed = false;
        for (int attempt = 1; ; attempt++) {
            try {
                return once(mode, known, work);
            } catch (SQLException e) {
                if (!installed && (e instanceof Tables.Incomplete || known.isMissingTable(e))) {
                    install(known, e);
                    installed = true;
                    continue;
                }
                if (attempt == ATTEMPTS || !known.isRetryable(e)) {
                    throw failure(what, e);
                }
                LOG.atDebug().setCause(e).log("Trying again to {} after a conflict", what);
            }
            RetryPause.after(attempt);
        }
    }

    private <T> T once(Mode mode, Dialect known, Work<T, SQLException> work) throws SQLException {
        return borrow(connection -> {
            if (mode == Mode.TRANSACTION) {
                return inTransaction(connection, known, work);
            }
            if (!connection.getAutoCommit()) {
                connection.setAutoCommit(true);
            }
            return work.apply(connection);
        });
    }

    /** Borrows a connection, once, and returns it with auto-commit as it was. */
    <T, E extends Exception> T borrow(Work<T, E> work) throws SQLException, E {
        try (Connection connection = settings.dataSource().getConnection()) {
            boolean autocommit = connection.getAutoCommit();
            try {
                return work.apply(connection);
            } finally {
                restoreAutoCommit(connection, autocommit);
            }
        }
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

    /** Creates the tables, if tables are what is missing. */
    private void install(Dialect known, SQLException missing) {
        try {
            borrow(connection -> {
                connection.setAutoCommit(true);
                if (!Tables.exist(connection, settings, known)) {
                    Tables.install(connection, known, settings);
                    LOG.atInfo().log("Created the tables {}", names());
                }
                return true;
            });
        } catch (SQLException e) {
            e.addSuppressed(missing);
            throw new StateStoreException(
                    StateStoreException.Kind.OUTAGE,
                    "the library's tables (" + settings.sql("{kb}")
                            + " and others) are missing and could not be created: " + e.getMessage()
                            + ". Allow this user to create tables, or run the statements that JdbcStateStore.ddl()"
                            + " returns",
                    e);
        }
    }

    private String names() {
        return JdbcSettings.TABLES.stream()
                .map(table -> settings.sql("{" + table + "}"))
                .collect(Collectors.joining(", "));
    }

    static StateStoreException failure(String what, SQLException e) {
        return new StateStoreException(ErrorKinds.of(e), "could not " + what + ": " + e.getMessage(), e);
    }
}
