package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.concurrent.ThreadLocalRandom;
import javax.sql.DataSource;

/** Transactions of the store's own, at READ COMMITTED: a statement that comes after a lock sees what the lock waited for. */
final class Transactions {

    private static final int ATTEMPTS = 5;

    private final DataSource dataSource;

    Transactions(DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /** What is done in a transaction; it may be repeated. */
    interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /** Runs it, and again when the database rolled it back for another transaction's sake. */
    <T> T run(String what, Work<T> work) {
        for (int attempt = 1; ; attempt++) {
            try {
                return once(work);
            } catch (SQLException e) {
                if (attempt == ATTEMPTS || !isRolledBack(e)) {
                    throw new StateStoreException("could not " + what + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private <T> T once(Work<T> work) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setAutoCommit(false);
            try {
                T result = work.run(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        }
    }

    /** Class 40 of the standard: certainly without effect. */
    private static boolean isRolledBack(SQLException e) {
        return e.getSQLState() != null && e.getSQLState().startsWith("40");
    }

    /** The database's clock. */
    static long nowMicros(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                        "SELECT CAST(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000000 AS BIGINT)");
                ResultSet rows = statement.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    static void setTexts(PreparedStatement statement, int index, Collection<String> texts) throws SQLException {
        statement.setArray(index, statement.getConnection().createArrayOf("VARCHAR", texts.toArray()));
    }

    static void setNumbers(PreparedStatement statement, int index, Collection<Integer> numbers) throws SQLException {
        statement.setArray(index, statement.getConnection().createArrayOf("INTEGER", numbers.toArray()));
    }

    /** A number that was never used before: for the enrolment of a KB, and for the revision of a document. */
    static long uniqueNumber() {
        return ThreadLocalRandom.current().nextLong(Long.MAX_VALUE) + 1;
    }
}
