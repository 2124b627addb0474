package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.testkit.LockContract;
import org.junit.jupiter.api.AfterAll;

/** The contract on one database; all tests share its table. */
@SuppressWarnings("NullAway.Init") // JUnit sets them before each class and test
abstract class JdbcLockContract extends LockContract {

    private static HikariDataSource dataSource;

    static void open(TestDatabase database) {
        dataSource = database.newDataSource();
    }

    @AfterAll
    static void close() {
        dataSource.close();
    }

    @Override
    protected final Lock newLock() {
        return JdbcLock.create(dataSource);
    }

    @Override
    protected final Lock sharedWith(Lock lock) {
        return JdbcLock.create(dataSource);
    }
}
