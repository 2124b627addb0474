package dev.kbmigrator.shedlock;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import net.javacrumbs.shedlock.provider.jdbc.JdbcLockProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class PostgresShedLockIT extends LockContract {

    private static EmbeddedPostgres postgres;
    private static HikariDataSource dataSource;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = EmbeddedPostgres.builder().start();
        HikariConfig config = new HikariConfig();
        config.setDataSource(postgres.getPostgresDatabase());
        dataSource = new HikariDataSource(config);
        ShedLockTable.create(dataSource);
    }

    @AfterAll
    static void stop() throws IOException {
        dataSource.close();
        postgres.close();
    }

    @Override
    protected Lock newLock() {
        return ShedLockLock.create(new JdbcLockProvider(dataSource));
    }

    @Override
    protected Lock sharedWith(Lock lock) {
        return newLock();
    }
}
