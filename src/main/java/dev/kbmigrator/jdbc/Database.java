package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections and transactions. Each call borrows a connection, leaves it as it was, and gives it back. What the database has
 * undone because others were in the way is tried again; any other error is passed on, its effect unknown. Tables that are not
 * there are made, once.
 */
final class Database {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final int ATTEMPTS = 20;
    private static final int LONGEST_PAUSE_MILLIS = 200;

    private final JdbcSettings settings;
    private volatile @Nullable Dialect dialect;

    /** Something to do with a connection. */
    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    /** How a call is put into a transaction. */
    private enum Mode {
        /** Every statement is a transaction of its own. */
        AUTOCOMMIT,
        /** All statements are one transaction. */
        TRANSACTION
    }

    Database(JdbcSettings settings) {
        this.settings = settings;
    }

    String sql(String template) {
        return settings.sql(template);
    }

    JdbcSettings settings() {
        return settings;
    }

    /** The database's dialect; asks it for its name the first time, which takes no round trip once there is a connection. */
    Dialect dialect() {
        Dialect known = dialect;
        if (known == null) {
            try (Connection connection = settings.dataSource().getConnection()) {
                known = Dialect.of(connection);
                dialect = known;
            } catch (SQLException e) {
                throw failure("connect to the database", e);
            }
        }
        return known;
    }

    /** Does something with every statement a transaction of its own. */
    <T> T autocommit(String what, Work<T> work) {
        return call(what, Mode.AUTOCOMMIT, work);
    }

    /** Does something in one transaction. */
    <T> T transaction(String what, Work<T> work) {
        return call(what, Mode.TRANSACTION, work);
    }

    /** Whether the tables are there. */
    boolean hasTables(Connection connection) throws SQLException {
        return Tables.exist(connection, settings, dialect());
    }

    private <T> T call(String what, Mode mode, Work<T> work) {
        Dialect known = dialect();
        boolean installed = false;
        for (int attempt = 1; ; attempt++) {
            try {
                return once(mode, known, work);
            } catch (SQLException e) {
                if (!installed && (e instanceof TablesMissing || known.isMissingTable(e))) {
                    install(e);
                    installed = true;
                    continue;
                }
                if (attempt == ATTEMPTS || !known.isRetryable(e)) {
                    throw failure(what, e);
                }
                LOG.atDebug().setCause(e).log("Trying again to {}: others were in the way", what);
            }
            pause(attempt);
        }
    }

    private <T> T once(Mode mode, Dialect known, Work<T> work) throws SQLException {
        try (Connection connection = settings.dataSource().getConnection()) {
            boolean autocommit = connection.getAutoCommit();
            try {
                if (mode == Mode.TRANSACTION) {
                    return inTransaction(connection, known, work);
                }
                if (!autocommit) {
                    connection.setAutoCommit(true);
                }
                return work.with(connection);
            } finally {
                giveBack(connection, autocommit);
            }
        }
    }

    private <T> T inTransaction(Connection connection, Dialect known, Work<T> work) throws SQLException {
        try {
            known.begin(connection, settings.transactionTimeout());
            T result = work.with(connection);
            known.commit(connection);
            return result;
        } catch (SQLException | RuntimeException | Error e) {
            rollback(connection, known, e);
            throw e;
        } finally {
            try {
                known.restore(connection);
            } catch (SQLException e) {
                LOG.atDebug().setCause(e).log("A connection could not be given its settings back");
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

    static void giveBack(Connection connection, boolean autocommit) {
        try {
            if (connection.getAutoCommit() != autocommit) {
                connection.setAutoCommit(autocommit);
            }
        } catch (SQLException e) {
            // The connection is broken; the pool finds that out by itself
            LOG.atDebug().setCause(e).log("A connection could not be given back as it was");
        }
    }

    /** Rows are not there yet that come with the tables: another replica is about to make them. */
    static final class TablesMissing extends SQLException {
        private static final long serialVersionUID = 1L;

        TablesMissing() {
            super("the library's tables are not complete");
        }
    }

    /** Makes the tables, if it is they that are missing. */
    private void install(SQLException missing) {
        try (Connection connection = settings.dataSource().getConnection()) {
            boolean autocommit = connection.getAutoCommit();
            connection.setAutoCommit(true);
            try {
                if (!hasTables(connection)) {
                    Tables.install(connection, dialect(), settings);
                    LOG.atInfo().log("Created the tables {}…", settings.sql("{kb}"));
                }
            } finally {
                giveBack(connection, autocommit);
            }
        } catch (SQLException e) {
            e.addSuppressed(missing);
            throw new StateStoreException(
                    "the library's tables (" + settings.sql("{kb}")
                            + " and others) are missing and could not be created: " + e.getMessage()
                            + ". Let this user create tables, or run what JdbcStateStore.ddl() prints",
                    e);
        }
    }

    static StateStoreException failure(String what, SQLException e) {
        return new StateStoreException("could not " + what + ": " + e.getMessage(), e);
    }

    /** Waits a random while that grows with the attempts. */
    static void pause(int attempt) {
        int most = Math.min(LONGEST_PAUSE_MILLIS, 4 << Math.min(attempt, 10));
        try {
            Thread.sleep(ThreadLocalRandom.current().nextInt(1, most));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
