package dev.kbmigrator.processes;

import dev.kbmigrator.support.MariaDbServer;
import dev.kbmigrator.support.PostgresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** A durable server that can be mistreated. */
interface ChaosServer extends AutoCloseable {

    List<String> LIBRARY_TABLES = List.of(
            "kb_migrator_kb",
            "kb_migrator_attempt",
            "kb_migrator_floor",
            "kb_migrator_epoch",
            "kb_migrator_document",
            "kb_migrator_replica",
            "kb_migrator_lock");

    /** Its database, as a replica reaches it through the port of a proxy, or directly through its own port. */
    FleetDatabase database(int port);

    int port();

    CommitProtocol wire();

    /** Ends the sessions of the replicas, from the server's side: one of every so many. */
    void terminateSessions(DataSource direct, int oneOf) throws SQLException;

    /** Lets nobody write, or everybody again; sessions that were there before end. */
    void readOnly(DataSource direct, boolean on) throws SQLException;

    /** Refuses what the library inserts or updates, as a full disk would, or no longer. */
    void full(DataSource direct, boolean on) throws SQLException;

    /** Stops it at once. */
    void crash(DataSource direct) throws SQLException;

    void startAgain();

    @Override
    void close();

    /** The first column of a query's rows. */
    static List<Long> numbers(DataSource dataSource, String sql) throws SQLException {
        List<Long> numbers = new ArrayList<>();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                numbers.add(rows.getLong(1));
            }
        }
        return numbers;
    }

    static void execute(DataSource dataSource, String sql) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Tries again what was undone because the library held a lock. */
    static void retried(DataSource dataSource, String sql) {
        Awaitility.await(sql).pollDelay(Duration.ZERO).ignoreExceptions().until(() -> {
            execute(dataSource, sql);
            return true;
        });
    }

    /** PostgreSQL. */
    final class Postgres implements ChaosServer {
        private static final int CONNECTIONS = 200;

        private final PostgresServer server = PostgresServer.durable(CONNECTIONS);

        Postgres() {
            server.newDatabase("chaos");
        }

        @Override
        public FleetDatabase database(int port) {
            // A host that wants to outlive a silent network sets a socket timeout
            return new FleetDatabase(
                    "jdbc:postgresql://127.0.0.1:" + port + "/chaos?socketTimeout=5&connectTimeout=2", "postgres");
        }

        @Override
        public int port() {
            return server.port();
        }

        @Override
        public CommitProtocol wire() {
            return CommitProtocol.POSTGRESQL;
        }

        @Override
        public void terminateSessions(DataSource direct, int oneOf) throws SQLException {
            execute(direct, """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = 'chaos' AND pid <> pg_backend_pid() AND random() * %d < 1
                    """.formatted(oneOf));
        }

        @Override
        public void readOnly(DataSource direct, boolean on) throws SQLException {
            execute(
                    direct,
                    "SET default_transaction_read_only = off; ALTER DATABASE chaos "
                            + (on ? "SET default_transaction_read_only = on" : "RESET default_transaction_read_only"));
            terminateSessions(direct, 1);
        }

        @Override
        public void full(DataSource direct, boolean on) throws SQLException {
            execute(direct, """
                    CREATE OR REPLACE FUNCTION chaos_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
                    END $$
                    """);
            for (String table : LIBRARY_TABLES) {
                retried(direct, on ? """
                        CREATE TRIGGER chaos_full BEFORE INSERT OR UPDATE ON %s
                        FOR EACH STATEMENT EXECUTE FUNCTION chaos_full()
                        """.formatted(table) : "DROP TRIGGER IF EXISTS chaos_full ON " + table);
            }
        }

        @Override
        public void crash(DataSource direct) {
            server.crash();
        }

        @Override
        public void startAgain() {
            server.startAgain();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    /** MariaDB. */
    final class MariaDb implements ChaosServer {
        private final MariaDbServer server = MariaDbServer.durable();
        private @Nullable Connection locker;

        MariaDb() {
            server.newDatabase("chaos");
        }

        @Override
        public FleetDatabase database(int port) {
            return new FleetDatabase(
                    "jdbc:mariadb://127.0.0.1:" + port + "/chaos?socketTimeout=5000&connectTimeout=2000", "root");
        }

        @Override
        public int port() {
            return server.port();
        }

        @Override
        public CommitProtocol wire() {
            return CommitProtocol.MARIADB;
        }

        @Override
        public void terminateSessions(DataSource direct, int oneOf) throws SQLException {
            List<Long> sessions = numbers(direct, """
                    SELECT id FROM information_schema.processlist
                    WHERE db = 'chaos' AND id <> CONNECTION_ID() AND RAND() * %d < 1
                    """.formatted(oneOf));
            for (long session : sessions) {
                try {
                    execute(direct, "KILL " + session);
                } catch (SQLException e) {
                    // It ended by itself
                }
            }
        }

        /** The user is one who may write to a read-only server, so that it is a lock that keeps everybody out. */
        @Override
        public void readOnly(DataSource direct, boolean on) throws SQLException {
            if (on) {
                locker = direct.getConnection();
                try (Statement statement = locker.createStatement()) {
                    statement.execute("FLUSH TABLES WITH READ LOCK");
                }
            } else if (locker != null) {
                try (Statement statement = locker.createStatement()) {
                    statement.execute("UNLOCK TABLES");
                }
                locker.close();
                locker = null;
            }
        }

        @Override
        public void full(DataSource direct, boolean on) throws SQLException {
            for (String table : LIBRARY_TABLES) {
                for (String change : List.of("insert", "update")) {
                    String trigger = table + "_full_" + change;
                    retried(direct, on ? """
                            CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW
                            SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table is full'
                            """.formatted(trigger, change, table) : "DROP TRIGGER IF EXISTS " + trigger);
                }
            }
        }

        @Override
        public void crash(DataSource direct) throws SQLException {
            try (Connection connection = direct.getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT @@pid_file")) {
                rows.next();
                server.crash(pid(rows.getString(1)));
            }
        }

        private static long pid(String file) {
            try {
                return Long.parseLong(Files.readString(Path.of(file)).strip());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void startAgain() {
            server.startAgain();
        }

        @Override
        public void close() {
            server.stop();
        }
    }
}
