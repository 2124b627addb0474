package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lock;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

class PostgresShedLockIT extends LateHolders {

    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() throws IOException {
        postgres = EmbeddedPostgres.builder().start();
    }

    @AfterAll
    static void stop() throws IOException {
        postgres.close();
    }

    @BeforeEach
    void createTable() throws SQLException {
        ShedLockTable.create(postgres.getPostgresDatabase());
    }

    @Override
    Lock newLock() {
        return ShedLockLock.create(new JdbcLockProvider(postgres.getPostgresDatabase()));
    }
}
