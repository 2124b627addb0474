package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;
import java.sql.SQLException;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.h2.jdbcx.JdbcConnectionPool;

class H2ShedLockTest extends LockContract {

    private final JdbcConnectionPool dataSource = JdbcConnectionPool.create("jdbc:h2:mem:shedlock", "sa", "");

    @Override
    protected Lock newLock() throws SQLException {
        ShedLockTable.create(dataSource);
        return ShedLockLock.create(new JdbcLockProvider(dataSource));
    }

    @Override
    protected Lock sharedWith(Lock lock) {
        return ShedLockLock.create(new JdbcLockProvider(dataSource));
    }

    @Override
    protected void cleanUp(Lock lock) {
        dataSource.dispose();
    }
}
