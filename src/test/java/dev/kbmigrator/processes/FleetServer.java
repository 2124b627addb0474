package dev.kbmigrator.processes;

import dev.kbmigrator.support.MariaDbServer;
import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.TestFiles;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import org.h2.tools.Server;
import org.jspecify.annotations.Nullable;

/** What processes can share a database on. */
enum FleetServer {
    POSTGRESQL {
        @Override
        FleetDatabase newDatabase() {
            // A schema is much cheaper than a database
            String schema = newName();
            try (Connection connection = DriverManager.getConnection(postgres(), "postgres", "");
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE SCHEMA " + schema);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            return new FleetDatabase(postgres() + "?currentSchema=" + schema, "postgres");
        }
    },
    MARIADB {
        @Override
        FleetDatabase newDatabase() {
            return new FleetDatabase(MariaDbServer.shared().newDatabase(newName()), "root");
        }
    },
    H2 {
        @Override
        FleetDatabase newDatabase() {
            return new FleetDatabase(
                    "jdbc:h2:tcp://127.0.0.1:" + h2().getPort() + "/./" + newName() + ";DB_CLOSE_DELAY=-1", "sa");
        }
    },
    SQLITE {
        @Override
        FleetDatabase newDatabase() {
            Path file = TestFiles.newDirectory("sqlite").resolve(newName() + ".db");
            return new FleetDatabase(
                    "jdbc:sqlite:" + file + "?journal_mode=WAL&synchronous=NORMAL&busy_timeout=10000", "");
        }
    };

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private static @Nullable Server h2;
    private static @Nullable String postgres;

    /** A new, empty database. */
    abstract FleetDatabase newDatabase();

    static String newName() {
        return "fleet" + NUMBERS.incrementAndGet();
    }

    private static synchronized String postgres() {
        if (postgres == null) {
            postgres = PostgresServer.shared().newDatabase("fleets");
        }
        return postgres;
    }

    private static synchronized Server h2() {
        if (h2 == null) {
            try {
                h2 = Server.createTcpServer(
                                "-tcpPort",
                                "0",
                                "-ifNotExists",
                                "-tcpDaemon",
                                "-baseDir",
                                TestFiles.newDirectory("h2").toString())
                        .start();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
        return h2;
    }
}
