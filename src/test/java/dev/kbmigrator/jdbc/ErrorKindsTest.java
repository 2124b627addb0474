package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import java.io.IOException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorKindsTest {

    private static SQLException error(String state, int code) {
        return new SQLException("refused", state, code);
    }

    @ParameterizedTest
    @CsvSource({
        "22P05, 0, DATA", // PostgreSQL: no equivalent in the encoding
        "22001, 22001, DATA", // H2: value too long
        "22001, 1406, DATA", // MariaDB: data too long
        "23514, 0, DATA", // PostgreSQL: check constraint
        "23513, 23513, DATA", // H2: check constraint
        "23000, 4025, DATA", // MariaDB: check constraint
        "HY000, 1366, DATA", // MySQL: incorrect string value
        "HY000, 3819, DATA", // MySQL: check constraint
        "42000, 1118, DATA", // row size too large
        "08S01, 1153, DATA", // packet too large
        "54000, 0, DATA",
        ", 19, DATA", // SQLite: constraint
        ", 18, DATA",
        "08006, 0, OUTAGE",
        "08004, 1040, OUTAGE",
        "28P01, 0, OUTAGE",
        "25006, 0, OUTAGE", // read-only
        "42501, 0, OUTAGE", // no permission
        "42P01, 0, OUTAGE", // no table
        "53100, 0, OUTAGE", // disk full
        "53300, 0, OUTAGE",
        "57P01, 0, OUTAGE",
        "90098, 90098, OUTAGE", // H2: closed
        "HY000, 1021, OUTAGE",
        "HY000, 1114, OUTAGE",
        "HY000, 1290, OUTAGE",
        "HY000, 1665, OUTAGE", // statement-based binary log
        ", 13, OUTAGE", // SQLite: full
        ", 8, OUTAGE",
        "57014, 0, TIMEOUT", // PostgreSQL: statement_timeout
        "25P03, 0, TIMEOUT",
        "70100, 1969, TIMEOUT", // MariaDB: max_statement_time
        "HY000, 3024, TIMEOUT",
        ", 9, TIMEOUT",
        "40001, 0, CONFLICT",
        "40P01, 0, CONFLICT",
        "55P03, 0, CONFLICT",
        "HYT00, 50200, CONFLICT", // H2: lock timeout
        "90131, 90131, CONFLICT",
        "40001, 1213, CONFLICT",
        "HY000, 1205, CONFLICT",
        ", 5, CONFLICT",
        "HY000, 1105, UNKNOWN",
        ", 1, UNKNOWN"
    })
    void aCodeOrAStateTells(String state, int code, Kind kind) {
        assertThat(ErrorKinds.of(error(state, code))).isEqualTo(kind);
    }

    @Test
    void theTypeTellsWhereNoCodeDoes() {
        assertThat(ErrorKinds.of(new SQLTimeoutException("late", "HY000", 7_777)))
                .isEqualTo(Kind.TIMEOUT);
        assertThat(ErrorKinds.of(new SQLTransientConnectionException("no connection is available")))
                .isEqualTo(Kind.OUTAGE);
        assertThat(ErrorKinds.of(new SQLIntegrityConstraintViolationException("no", "HY000", 7_777)))
                .isEqualTo(Kind.DATA);
    }

    @Test
    void whatHasNeitherCodeNorStateComesFromThePool() {
        assertThat(ErrorKinds.of(new SQLException("the pool has been closed"))).isEqualTo(Kind.OUTAGE);
    }

    @Test
    void theCauseOrTheNextErrorTellsWhereTheErrorItselfDoesNot() {
        BatchUpdateException batch = new BatchUpdateException("batch", "HY000", 7_777, new int[0]);
        batch.setNextException(error("22P05", 0));
        assertThat(ErrorKinds.of(batch)).isEqualTo(Kind.DATA);
        SQLException wrapped = new SQLException("wrapped", "HY000", 7_777, new IOException(error("53100", 0)));
        assertThat(ErrorKinds.of(wrapped)).isEqualTo(Kind.OUTAGE);
        SQLException circular = new SQLException("circular", "HY000", 7_777);
        circular.initCause(new IOException(circular));
        assertThat(ErrorKinds.of(circular)).isEqualTo(Kind.UNKNOWN);
    }

    @Test
    void aFailureOfTheStoreCarriesItsKind() {
        StateStoreException failure = Database.failure("write a batch", error("22P05", 0));
        assertThat(failure.kind()).isEqualTo(Kind.DATA);
        assertThat(Kind.of(failure)).isEqualTo(Kind.DATA);
        assertThat(Kind.of(new IllegalStateException("of a store of the host's own")))
                .isEqualTo(Kind.UNKNOWN);
        assertThat(new StateStoreException("refused").kind()).isEqualTo(Kind.UNKNOWN);
    }
}
