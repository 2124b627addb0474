package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What happens when tables cannot be created. */
class TablesTest {

    /** Two replicas that create the same table at the same time can fail each other. */
    @Test
    void creatingATableIsTriedAFewTimes() {
        SQLException exists = new SQLException("the table exists", "42S01", 42101);
        AtomicInteger tries = new AtomicInteger();
        Connection connection = (Connection) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                    tries.incrementAndGet();
                    return DatabaseTest.failing(Statement.class, exists);
                });
        JdbcSettings settings = JdbcSettings.of(DatabaseTest.failing(DataSource.class, exists));
        TableLocation location = TableLocation.of(new H2Dialect(), null, "PUBLIC", settings, 0);
        assertThatThrownBy(() -> Tables.install(connection, location)).isSameAs(exists);
        assertThat(tries).hasValueBetween(2, 100);
    }
}
