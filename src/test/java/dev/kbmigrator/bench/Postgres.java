package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.support.PostgresServer;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;

/** PostgreSQL. Its counters are read from another database, so that reading them counts nowhere. */
final class Postgres implements Server {

    private static final String USER = "postgres";
    private static final List<String> DURABILITY = List.of("fsync", "synchronous_commit", "full_page_writes");

    private final PostgresServer server = PostgresServer.durable();

    @Override
    public BenchDatabase newDatabase(String name) {
        return benchDatabase(server.newDatabase(name));
    }

    private static BenchDatabase benchDatabase(String url) {
        return new BenchDatabase(url, USER, "");
    }

    @Override
    public BenchDatabase copyOf(BenchDatabase seed, String name) throws SQLException {
        administer("CREATE DATABASE " + name + " TEMPLATE " + name(seed) + " STRATEGY FILE_COPY");
        return benchDatabase(server.url(name));
    }

    private static String name(BenchDatabase database) {
        return database.jdbcUrl().substring(database.jdbcUrl().lastIndexOf('/') + 1);
    }

    @Override
    public void settle(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            Sql.execute(connection, "VACUUM ANALYZE", "CHECKPOINT");
        }
        assertThat(durability(database).values()).containsOnly("on");
    }

    @Override
    public Map<String, String> durability(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            Map<String, String> shown = new TreeMap<>();
            for (String setting : DURABILITY) {
                shown.put(setting, Sql.text(connection, "SHOW " + setting));
            }
            return shown;
        }
    }

    @Override
    public Map<String, Double> counters(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.url(USER), USER, "")) {
            String ofTheDatabase = " FROM pg_stat_database WHERE datname = '" + name(database) + "'";
            long[] before = {-1};
            // What a connection did is counted when it ends, a moment after its client has gone
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> {
                        long last = before[0];
                        before[0] = Sql.number(
                                connection,
                                "SELECT xact_commit + tup_inserted + tup_updated + tup_deleted" + ofTheDatabase);
                        return before[0] == last;
                    });
            return Map.of(
                    "commits", (double) Sql.number(connection, "SELECT xact_commit" + ofTheDatabase),
                    "row_writes",
                            (double) Sql.number(
                                    connection, "SELECT tup_inserted + tup_updated + tup_deleted" + ofTheDatabase),
                    "wal_bytes",
                            Double.parseDouble(Sql.text(connection, "SELECT pg_current_wal_insert_lsn() - '0/0'")));
        }
    }

    @Override
    public double cpuSeconds() {
        return ServerProcesses.cpuSeconds(server.pid());
    }

    @Override
    public void drop(BenchDatabase database) throws SQLException {
        administer("DROP DATABASE " + name(database) + " WITH (FORCE)");
    }

    private void administer(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.url(USER), USER, "");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
