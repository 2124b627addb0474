package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.spi.StateStoreException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of errors of a database, and of its driver. */
@Timeout(30)
class DatabaseTest {

    private final SQLException gone = new SQLException("the connection is gone", "08006");

    /** Fails whatever is called, but for being closed. */
    private static <T> T failing(Class<T> type, SQLException error) {
        return type.cast(Proxy.newProxyInstance(
                DatabaseTest.class.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
                    if (method.getName().equals("close")) {
                        return null;
                    }
                    throw error;
                }));
    }

    @Test
    void anErrorSaysWhatCouldNotBeDone() {
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL("jdbc:h2:mem:");
        AtomicInteger connections = new AtomicInteger();
        DataSource once = (DataSource) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {DataSource.class}, (self, method, arguments) -> {
                    // The first is asked what database it is
                    if (connections.incrementAndGet() == 1) {
                        return h2.getConnection();
                    }
                    throw gone;
                });
        JdbcStateStore store = JdbcStateStore.create(once);
        assertThatThrownBy(() -> store.count(1))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("could not ")
                .hasMessageContaining("the connection is gone")
                .hasCause(gone);
    }

    @Test
    void aRollbackThatFailsIsSaidBesideTheErrorBeforeIt() {
        SQLException cause = new SQLException("the first");
        Database.rollback(failing(Connection.class, gone), new H2Dialect(), cause);
        assertThat(cause.getSuppressed()).containsExactly(gone);
    }

    @Test
    void aConnectionThatCannotBeGivenBackIsLeftToThePool() {
        Database.giveBack(failing(Connection.class, gone), true);
    }

    @Test
    void anInterruptWhileItWaitsIsKept() {
        Thread.currentThread().interrupt();
        Database.pause(1);
        assertThat(Thread.interrupted()).isTrue();
    }

    /** As two that make the same table at once can fail each other. */
    @Test
    void theTablesAreTriedASmallNumberOfTimes() {
        SQLException exists = new SQLException("the table exists", "42S01", 42101);
        AtomicInteger tries = new AtomicInteger();
        Connection connection = (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    tries.incrementAndGet();
                    return failing(Statement.class, exists);
                });
        JdbcSettings settings = JdbcSettings.of(failing(DataSource.class, gone));
        assertThatThrownBy(() -> Tables.install(connection, new H2Dialect(), settings))
                .isSameAs(exists);
        assertThat(tries).hasValueBetween(2, 100);
    }

    /** A page's cursor is its last KB: rows out of order would lose others. */
    @Test
    void aListOutOfOrderIsRefused() {
        assertThat(PostgresStateSql.inOrder(0, 7)).isEqualTo(7);
        assertThat(PostgresStateSql.inOrder(7, 7)).isEqualTo(7);
        assertThatThrownBy(() -> PostgresStateSql.inOrder(7, 6))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("partition 6 after 7");
        String[] kbIds = {"kb-1", "kb-2", "kb-3"};
        Long[] versions = {1L, 1L, 1L};
        assertThat(PostgresStateSql.unrecorded(new Integer[] {6, 7, 7}, kbIds, versions))
                .hasSize(3);
        assertThatThrownBy(() -> PostgresStateSql.unrecorded(new Integer[] {6, 7, 6}, kbIds, versions))
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("partition 6 after 7");
    }

    /** So that a driver, and a server, see few different statements. */
    @Test
    void aListIsAsLongAsTheNextPowerOfTwo() {
        assertThat(IntStream.rangeClosed(1, 9).map(Placeholders::padded)).containsExactly(1, 2, 4, 4, 8, 8, 8, 8, 16);
    }

    /** Under another isolation a floor could be raised over a KB. */
    @Test
    void aTransactionOnH2ReadsWhatIsCommittedWhateverThePoolHasChosen() throws SQLException {
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
