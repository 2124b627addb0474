package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.MariaDbServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

@SuppressWarnings("NullAway.Init") // JUnit sets it before the class
class MariaDbStateStoreIT extends JdbcStateStoreContract {

    private static MariaDbServer server;

    @BeforeAll
    static void open() {
        server = MariaDbServer.with();
        open(pool(server.newDatabase("kb"), "root"));
    }

    @AfterAll
    static void stop() {
        server.stop();
    }

    @Override
    HikariDataSource restarted(HikariDataSource pool) {
        server.crash(server.pid());
        server.startAgain();
        return pool(pool.getJdbcUrl(), "root");
    }
}
