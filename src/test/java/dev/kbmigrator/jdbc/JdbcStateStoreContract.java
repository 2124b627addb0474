package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.testkit.StateStoreContract;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;

/** The contract on one database: all tests share it, each with tables of its own. */
@SuppressWarnings("NullAway.Init") // JUnit sets them before each class and test
abstract class JdbcStateStoreContract extends StateStoreContract {

    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static HikariDataSource dataSource;

    static void open(HikariDataSource pool) {
        dataSource = pool;
    }

    static HikariDataSource pool(String url, String user) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setMaximumPoolSize(16);
        config.setMinimumIdle(0);
        return new HikariDataSource(config);
    }

    @AfterAll
    static void close() {
        dataSource.close();
    }

    private String tablePrefix;
    private JdbcSettings settings;

    @Override
    protected final StateStore newStore() {
        tablePrefix = "t" + NUMBERS.incrementAndGet() + "_";
        settings = JdbcSettings.of(dataSource).withTablePrefix(tablePrefix);
        return JdbcStateStore.create(settings);
    }

    /** Kills the database, starts it again, and returns a pool of connections to it. */
    abstract HikariDataSource restarted(HikariDataSource pool) throws Exception;

    @Override
    protected final Optional<StateStore> restart(StateStore store) throws Exception {
        HikariDataSource before = dataSource;
        dataSource = restarted(before);
        before.close();
        settings = JdbcSettings.of(dataSource).withTablePrefix(tablePrefix);
        return Optional.of(JdbcStateStore.create(settings));
    }

    /** The database alone says what time it is, so that a host with a wrong clock has a handle like any other. */
    @Override
    protected final Optional<StateStore> withSkewedClock(StateStore store, Duration skew) {
        return Optional.of(JdbcStateStore.create(settings));
    }

    @Override
    protected final StateStore sharedWith(StateStore store) {
        return JdbcStateStore.create(settings);
    }
}
