package dev.kbmigrator.jdbc;

import static dev.kbmigrator.spi.StateStoreException.Kind.CONFLICT;
import static dev.kbmigrator.spi.StateStoreException.Kind.DATA;
import static dev.kbmigrator.spi.StateStoreException.Kind.OUTAGE;
import static dev.kbmigrator.spi.StateStoreException.Kind.TIMEOUT;
import static dev.kbmigrator.spi.StateStoreException.Kind.UNKNOWN;
import static java.util.Map.entry;

import dev.kbmigrator.spi.StateStoreException.Kind;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientConnectionException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What kind of error a database reports. The one place for that: a code of the database's own decides first, then the SQLSTATE, then
 * its class, then the exception's type. The codes of MySQL and MariaDB (from 1000) and those of SQLite (below 256) do not overlap, and
 * the other databases have a SQLSTATE for everything that matters here.
 */
final class ErrorKinds {

    /** An error with more causes than this is not followed further. */
    private static final int MAX_DEPTH = 10;

    private static final Map<Integer, Kind> SQLITE = Map.ofEntries(
            entry(5, CONFLICT), // SQLITE_BUSY
            entry(6, CONFLICT), // SQLITE_LOCKED
            entry(7, OUTAGE), // SQLITE_NOMEM
            entry(8, OUTAGE), // SQLITE_READONLY
            entry(9, TIMEOUT), // SQLITE_INTERRUPT
            entry(10, OUTAGE), // SQLITE_IOERR
            entry(11, OUTAGE), // SQLITE_CORRUPT
            entry(13, OUTAGE), // SQLITE_FULL
            entry(14, OUTAGE), // SQLITE_CANTOPEN
            entry(17, CONFLICT), // SQLITE_SCHEMA
            entry(18, DATA), // SQLITE_TOOBIG
            entry(19, DATA), // SQLITE_CONSTRAINT
            entry(20, DATA), // SQLITE_MISMATCH
            entry(26, OUTAGE)); // SQLITE_NOTADB

    private static final Map<Integer, Kind> MYSQL = Map.ofEntries(
            entry(1020, CONFLICT), // record has changed since last read
            entry(1021, OUTAGE), // disk full
            entry(1040, OUTAGE), // too many connections
            entry(1114, OUTAGE), // the table is full
            entry(1118, DATA), // row size too large
            entry(1153, DATA), // packet too large
            entry(1203, OUTAGE), // too many connections of this user
            entry(1205, CONFLICT), // lock wait timeout
            entry(1213, CONFLICT), // deadlock
            entry(1226, OUTAGE), // a resource limit of this user
            entry(1267, DATA), // illegal mix of collations
            entry(1290, OUTAGE), // started with an option such as read-only
            entry(1317, TIMEOUT), // interrupted
            entry(1366, DATA), // incorrect string value
            entry(1665, OUTAGE), // statement-based binary log
            entry(1792, OUTAGE), // read-only transaction
            entry(1836, OUTAGE), // read-only mode
            entry(1969, TIMEOUT), // MariaDB: max_statement_time
            entry(3024, TIMEOUT), // MySQL: max_execution_time
            entry(3819, DATA), // MySQL: check constraint
            entry(4025, DATA)); // MariaDB: check constraint

    private static final Map<String, Kind> STATES = Map.ofEntries(
            entry("25P03", TIMEOUT), // idle in transaction for too long
            entry("25P04", TIMEOUT), // the transaction took too long
            entry("40001", CONFLICT),
            entry("40P01", CONFLICT),
            entry("53100", OUTAGE), // disk full
            entry("55P03", CONFLICT), // lock not available
            entry("57014", TIMEOUT), // statement cancelled
            entry("70100", TIMEOUT), // statement cancelled
            entry("90131", CONFLICT), // H2: concurrent update
            entry("HYT00", CONFLICT), // H2: lock timeout
            entry("HYT01", OUTAGE));

    private static final Map<String, Kind> CLASSES = Map.ofEntries(
            entry("08", OUTAGE), // connection
            entry("0A", OUTAGE), // not supported
            entry("22", DATA), // data
            entry("23", DATA), // constraint
            entry("25", OUTAGE), // transaction state, such as read-only
            entry("28", OUTAGE), // authorization
            entry("3D", OUTAGE), // no such database
            entry("3F", OUTAGE), // no such schema
            entry("40", CONFLICT), // rolled back
            entry("42", OUTAGE), // no such table, no permission, syntax
            entry("53", OUTAGE), // resources
            entry("54", DATA), // limits of the program, such as the size of a row
            entry("57", OUTAGE), // operator intervention
            entry("58", OUTAGE), // system
            entry("90", OUTAGE), // H2: general
            entry("XX", OUTAGE)); // internal error

    private ErrorKinds() {}

    static Kind of(SQLException error) {
        Throwable each = error;
        for (int depth = 0; each != null && depth < MAX_DEPTH; depth++) {
            if (each instanceof SQLException one) {
                Kind kind = ofOne(one);
                if (kind != UNKNOWN) {
                    return kind;
                }
                each = one.getNextException() == null ? one.getCause() : one.getNextException();
            } else {
                each = each.getCause();
            }
        }
        return UNKNOWN;
    }

    private static Kind ofOne(SQLException error) {
        int code = error.getErrorCode();
        String state = error.getSQLState();
        Kind byCode = code > 0 && code < 256 && state == null ? SQLITE.get(code) : MYSQL.get(code);
        if (byCode != null) {
            return byCode;
        }
        Kind byState = state == null ? null : ofState(state);
        if (byState != null) {
            return byState;
        }
        // Without a code and a SQLSTATE it does not come from a database, but from the pool or the driver
        return code == 0 && state == null ? ofTypeOr(error, OUTAGE) : ofTypeOr(error, UNKNOWN);
    }

    private static @Nullable Kind ofState(String state) {
        Kind exact = STATES.get(state);
        return exact != null || state.length() < 2 ? exact : CLASSES.get(state.substring(0, 2));
    }

    private static Kind ofTypeOr(SQLException error, Kind otherwise) {
        if (error instanceof SQLTimeoutException) {
            return TIMEOUT;
        }
        if (error instanceof SQLTransactionRollbackException) {
            return CONFLICT;
        }
        if (error instanceof SQLDataException || error instanceof SQLIntegrityConstraintViolationException) {
            return DATA;
        }
        boolean connection = error instanceof SQLTransientConnectionException
                || error instanceof SQLNonTransientConnectionException
                || error instanceof SQLRecoverableException;
        return connection ? OUTAGE : otherwise;
    }
}
