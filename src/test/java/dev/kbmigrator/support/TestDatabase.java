package dev.kbmigrator.support;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.h2.jdbcx.JdbcDataSource;

/** Real databases for the tests. A server is started at most once a JVM; each data source has a database of its own. */
public enum TestDatabase {
    POSTGRESQL {
        @Override
        HikariConfig config(int number) {
            HikariConfig config = new HikariConfig();
            config.setJdbcUrl(PostgresServer.shared().newDatabase("kb" + number));
            config.setUsername("postgres");
            return config;
        }
    },
    MARIADB {
        @Override
        HikariConfig config(int number) {
            HikariConfig config = new HikariConfig();
            config.setJdbcUrl(MariaDbServer.shared().newDatabase("kb" + number));
            config.setUsername("root");
            return config;
        }
    },
    H2 {
        @Override
        HikariConfig config(int number) {
            JdbcDataSource dataSource = new JdbcDataSource();
            dataSource.setURL("jdbc:h2:mem:kb" + number + ";DB_CLOSE_DELAY=-1");
            HikariConfig config = new HikariConfig();
            config.setDataSource(dataSource);
            return config;
        }
    },
    SQLITE {
        @Override
        HikariConfig config(int number) {
            Path file = TestFiles.newDirectory("sqlite").resolve("kb" + number + ".db");
            HikariConfig config = new HikariConfig();
            config.setJdbcUrl("jdbc:sqlite:" + file + "?journal_mode=WAL&synchronous=NORMAL&busy_timeout=10000");
            return config;
        }
    };

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    abstract HikariConfig config(int number);

    /** A pool over a new, empty database. */
    public HikariDataSource newDataSource() {
        return newDataSource(config -> {});
    }

    /** A pool over a new, empty database, with something set besides. */
    public HikariDataSource newDataSource(Consumer<HikariConfig> settings) {
        HikariConfig config = config(NUMBERS.incrementAndGet());
        config.setMaximumPoolSize(16);
        config.setMinimumIdle(0);
        config.setPoolName(name().toLowerCase(java.util.Locale.ROOT) + "-" + NUMBERS.get());
        settings.accept(config);
        return new HikariDataSource(config);
    }
}
