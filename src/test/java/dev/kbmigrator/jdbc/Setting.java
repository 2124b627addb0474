package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.MariaDbServer;
import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.Sql;
import dev.kbmigrator.support.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A database with a mode, driver, encoding, isolation level or pooler, and what becomes of a run there.
 *
 * @param database the database
 * @param what the mode, driver, encoding, isolation level or pooler
 * @param refusal part of the error that names why it is refused; empty where it works
 * @param opener opens a pool over a new database
 */
public record Setting(String database, String what, String refusal, Opener opener) {

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    /** Opens a pool over a new database. */
    interface Opener {
        HikariDataSource open() throws SQLException;
    }

    private static final List<String> H2_MODES = List.of(
            "Regular",
            "STRICT",
            "LEGACY",
            "PostgreSQL",
            "MySQL",
            "MariaDB",
            "MSSQLServer",
            "Oracle",
            "Derby",
            "DB2",
            "HSQLDB");

    private static final List<String> H2_OPTIONS = List.of(
            "DATABASE_TO_LOWER=TRUE",
            "DATABASE_TO_UPPER=FALSE",
            "DATABASE_TO_LOWER=TRUE;CASE_INSENSITIVE_IDENTIFIERS=TRUE",
            "MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH",
            "MODE=MySQL;DATABASE_TO_LOWER=TRUE",
            "MODE=MariaDB;DATABASE_TO_LOWER=TRUE",
            "NON_KEYWORDS=KEY,VALUE",
            "DEFAULT_LOCK_TIMEOUT=10000",
            "LOCK_MODE=3");

    private static final List<String> ISOLATION_LEVELS =
            List.of("TRANSACTION_READ_COMMITTED", "TRANSACTION_REPEATABLE_READ", "TRANSACTION_SERIALIZABLE");

    /** All settings that are tried. */
    public static List<Setting> all() {
        List<Setting> all = new ArrayList<>();
        for (String mode : H2_MODES) {
            all.add(new Setting("H2", "MODE=" + mode, "", () -> h2("MODE=" + mode)));
        }
        for (String options : H2_OPTIONS) {
            all.add(new Setting("H2", options, "", () -> h2(options)));
        }
        for (String encoding : List.of("UTF8", "LATIN1", "SQL_ASCII")) {
            String refusal = encoding.equals("UTF8") ? "" : "has the encoding " + encoding;
            all.add(new Setting("PostgreSQL", "encoding " + encoding, refusal, () -> postgres(encoding)));
        }
        all.add(new Setting("MariaDB", "MySQL Connector/J", "", () -> byMySqlDriver("")));
        all.add(new Setting(
                "MariaDB",
                "MySQL Connector/J, rewriteBatchedStatements=true",
                "",
                () -> byMySqlDriver("&rewriteBatchedStatements=true&useServerPrepStmts=true")));
        all.add(new Setting(
                "MariaDB",
                "sql_mode ANSI",
                "",
                () -> TestDatabase.MARIADB.newDataSource(
                        config -> config.setConnectionInitSql("SET SESSION sql_mode = 'ANSI,ORACLE'"))));
        for (String format : List.of("ROW", "MIXED", "STATEMENT")) {
            String refusal = format.equals("STATEMENT") ? "binlog_format STATEMENT" : "";
            all.add(new Setting("MariaDB", "binlog_format " + format, refusal, () -> withBinaryLog(format)));
        }
        for (TestDatabase database : TestDatabase.values()) {
            all.addAll(ofPools(database));
        }
        return all;
    }

    private static List<Setting> ofPools(TestDatabase database) {
        List<Setting> all = new ArrayList<>();
        all.add(of(database, "auto-commit off", config -> config.setAutoCommit(false)));
        for (String level : ISOLATION_LEVELS) {
            // SQLite has one level
            if (database != TestDatabase.SQLITE || level.endsWith("SERIALIZABLE")) {
                all.add(of(database, level, config -> config.setTransactionIsolation(level)));
            }
        }
        return all;
    }

    private static Setting of(TestDatabase database, String what, Consumer<com.zaxxer.hikari.HikariConfig> settings) {
        String name = switch (database) {
            case POSTGRESQL -> "PostgreSQL";
            case MARIADB -> "MariaDB";
            case H2 -> "H2";
            case SQLITE -> "SQLite";
        };
        return new Setting(name, "pool with " + what, "", () -> database.newDataSource(settings));
    }

    private static HikariDataSource pool(String url, String user) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url);
        pool.setUsername(user);
        pool.setMaximumPoolSize(8);
        pool.setMinimumIdle(0);
        return pool;
    }

    private static HikariDataSource h2(String options) {
        return pool("jdbc:h2:mem:setting" + NUMBERS.incrementAndGet() + ";DB_CLOSE_DELAY=-1;" + options, "sa");
    }

    private static HikariDataSource postgres(String encoding) throws SQLException {
        String name = "setting" + NUMBERS.incrementAndGet();
        try (HikariDataSource server = pool(PostgresServer.shared().url("postgres"), "postgres")) {
            Sql.execute(
                    server,
                    "CREATE DATABASE " + name + " ENCODING '" + encoding
                            + "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        }
        return pool(PostgresServer.shared().url(name), "postgres");
    }

    private static HikariDataSource byMySqlDriver(String options) {
        String url = MariaDbServer.shared().newDatabase("setting" + NUMBERS.incrementAndGet());
        return pool(url.replace("jdbc:mariadb:", "jdbc:mysql:") + "?sslMode=DISABLED" + options, "root");
    }

    private static HikariDataSource withBinaryLog(String format) {
        MariaDbServer server = MariaDbServer.with("--log-bin", "--server-id=1", "--binlog-format=" + format);
        HikariDataSource pool = new HikariDataSource() {
            @Override
            public void close() {
                super.close();
                server.stop();
            }
        };
        pool.setJdbcUrl(server.newDatabase("setting"));
        pool.setUsername("root");
        pool.setMaximumPoolSize(8);
        return pool;
    }

    @Override
    public String toString() {
        return database + ", " + what;
    }
}
