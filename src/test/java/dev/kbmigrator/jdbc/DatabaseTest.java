package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.spi.StateStoreException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to errors of a database and of its driver. */
@Timeout(30)
class DatabaseTest {

    private final SQLException gone = new SQLException("the connection is gone", "08006");

    /** Fails every call except close. */
    static <T> T failing(Class<T> type, SQLException error) {
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
                    // The first is used to detect the database
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
    void aFailedRollbackIsSuppressedInTheFirstError() {
        SQLException cause = new SQLException("the first");
        Database.rollback(failing(Connection.class, gone), new H2Dialect(), cause);
        assertThat(cause.getSuppressed()).containsExactly(gone);
    }

    @Test
    void aConnectionThatCannotBeRestoredIsLeftToThePool() {
        Database.restoreAutoCommit(failing(Connection.class, gone), true);
    }
}
