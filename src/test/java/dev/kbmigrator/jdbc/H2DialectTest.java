package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;

/** What only H2 needs. */
class H2DialectTest {

    /** At another isolation level a floor could be raised above a KB. */
    @Test
    void aTransactionReadsCommittedDataWhateverThePoolHasChosen() throws SQLException {
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL("jdbc:h2:mem:");
        H2Dialect dialect = new H2Dialect();
        try (Connection connection = h2.getConnection()) {
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            int before = dialect.begin(connection, Duration.ofSeconds(1));
            assertThat(connection.getTransactionIsolation()).isEqualTo(Connection.TRANSACTION_READ_COMMITTED);
            dialect.commit(connection);
            dialect.restore(connection, before);
            assertThat(connection.getTransactionIsolation()).isEqualTo(Connection.TRANSACTION_SERIALIZABLE);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            assertThat(dialect.begin(connection, Duration.ofSeconds(1))).isEqualTo(Dialect.UNCHANGED);
        }
    }
}
