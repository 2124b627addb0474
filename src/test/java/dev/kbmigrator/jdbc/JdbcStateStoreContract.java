package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.support.TestDatabase;
import dev.kbmigrator.testkit.StateStoreContract;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;

/** The contract on one database: all tests share it, each with tables of its own. */
@SuppressWarnings("NullAway.Init") // JUnit sets them before each class and test
abstract class JdbcStateStoreContract extends StateStoreContract {

    private static final AtomicInteger NUMBERS = new AtomicInteger();
    private static HikariDataSource dataSource;

    static void open(TestDatabase database) {
        dataSource = database.newDataSource();
    }

    @AfterAll
    static void close() {
        dataSource.close();
    }

    private JdbcSettings settings;

    @Override
    protected final StateStore newStore() {
        settings = JdbcSettings.of(dataSource).withTablePrefix("t" + NUMBERS.incrementAndGet() + "_");
        return JdbcStateStore.create(settings);
    }

    @Override
    protected final StateStore sharedWith(StateStore store) {
        return JdbcStateStore.create(settings);
    }
}
