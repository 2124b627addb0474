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
    public Bed newBed(String name) {
        return bed(server.newDatabase(name));
    }

    private static Bed bed(String url) {
        return new Bed(url, USER, "");
    }

    @Override
    public Bed copyOf(Bed seed, String name) throws SQLException {
        administer("CREATE DATABASE " + name + " TEMPLATE " + database(seed) + " STRATEGY FILE_COPY");
        return bed(server.url(name));
    }

    private static String database(Bed bed) {
        return bed.jdbcUrl().substring(bed.jdbcUrl().lastIndexOf('/') + 1);
    }

    @Override
    public void settle(Bed bed) throws SQLException {
        try (Connection connection = DriverManager.getConnection(bed.jdbcUrl(), USER, "")) {
            Sql.execute(connection, "VACUUM ANALYZE", "CHECKPOINT");
        }
        assertThat(durability(bed).values()).containsOnly("on");
    }

    @Override
    public Map<String, String> durability(Bed bed) throws SQLException {
        try (Connection connection = DriverManager.getConnection(bed.jdbcUrl(), USER, "")) {
            Map<String, String> shown = new TreeMap<>();
            for (String setting : DURABILITY) {
                shown.put(setting, Sql.text(connection, "SHOW " + setting));
            }
            return shown;
        }
    }

    @Override
    public Map<String, Double> counters(Bed bed) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.url(USER), USER, "")) {
            String ofTheDatabase = " FROM pg_stat_database WHERE datname = '" + database(bed) + "'";
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
    public void drop(Bed bed) throws SQLException {
        administer("DROP DATABASE " + database(bed) + " WITH (FORCE)");
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
