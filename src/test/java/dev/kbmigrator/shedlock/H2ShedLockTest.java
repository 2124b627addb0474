package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lock;
import java.sql.SQLException;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class H2ShedLockTest extends LateHolders {

    private final JdbcConnectionPool dataSource = JdbcConnectionPool.create("jdbc:h2:mem:shedlock", "sa", "");

    @BeforeEach
    void createTable() throws SQLException {
        ShedLockTable.create(dataSource);
    }

    @AfterEach
    void close() {
        dataSource.dispose();
    }

    @Override
    Lock newLock() {
        return ShedLockLock.create(new JdbcLockProvider(dataSource));
    }
}
