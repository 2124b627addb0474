package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.support.HookedDataSource;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.testkit.LockContract;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.Optional;
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

    /** The database alone says what time it is, so that a host with a wrong clock has a client like any other. */
    @Override
    protected final Optional<Lock> withSkewedClock(Lock lock, Duration skew) {
        return Optional.of(JdbcLock.create(dataSource));
    }

    @Override
    protected final Optional<Lock> interposed(Lock lock, Runnable beforeEachRequest) {
        return Optional.of(JdbcLock.create(HookedDataSource.over(dataSource, new HookedDataSource.Hook() {
            @Override
            public void before(String step) throws SQLException {
                try {
                    beforeEachRequest.run();
                } catch (IllegalStateException e) {
                    throw new SQLNonTransientConnectionException(e);
                }
            }
        })));
    }
}
