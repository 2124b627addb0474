package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.support.MariaDbServer;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** MariaDB. Its counters are those of the whole server, which does nothing else. */
final class MariaDb implements Server {

    private static final String USER = "root";

    private static final Map<String, List<String>> COUNTERS = Map.of(
            "commits", List.of("Handler_commit"),
            "row_writes", List.of("Handler_write", "Handler_update", "Handler_delete"),
            "wal_bytes", List.of("Innodb_os_log_written"));

    private final MariaDbServer server = MariaDbServer.durable();

    @Override
    public BenchDatabase newDatabase(String name) {
        return new BenchDatabase(server.newDatabase(name), USER, "");
    }

    @Override
    public BenchDatabase copyOf(BenchDatabase seed, String name) throws SQLException {
        BenchDatabase copy = newDatabase(name);
        String from = name(seed);
        try (Connection connection = DriverManager.getConnection(copy.jdbcUrl(), USER, "")) {
            for (String table : tables(connection, from)) {
                Sql.execute(
                        connection,
                        "CREATE TABLE " + table + " LIKE " + from + "." + table,
                        "INSERT INTO " + table + " SELECT * FROM " + from + "." + table);
            }
        }
        return copy;
    }

    private static String name(BenchDatabase database) {
        return database.jdbcUrl().substring(database.jdbcUrl().lastIndexOf('/') + 1);
    }

    private static List<String> tables(Connection connection, String database) throws SQLException {
        List<String> tables = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SHOW TABLES FROM " + database)) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
        }
        return tables;
    }

    @Override
    public void settle(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            for (String table : tables(connection, name(database))) {
                Sql.execute(connection, "ANALYZE TABLE " + table);
            }
        }
        assertThat(durability(database).values()).containsOnly("1");
    }

    @Override
    public Map<String, String> durability(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            String setting = "innodb_flush_log_at_trx_commit";
            return Map.of(setting, Sql.text(connection, "SELECT @@" + setting));
        }
    }

    @Override
    public Map<String, Double> counters(BenchDatabase database) throws SQLException {
        Map<String, Double> counters = new HashMap<>();
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            for (Map.Entry<String, List<String>> counter : COUNTERS.entrySet()) {
                String names = String.join("', '", counter.getValue());
                counters.put(counter.getKey(), (double) Sql.number(connection, """
                        SELECT CAST(sum(variable_value) AS UNSIGNED) FROM information_schema.global_status
                        WHERE variable_name IN ('%s')
                        """.formatted(names)));
            }
        }
        return counters;
    }

    @Override
    public double cpuSeconds() {
        return ServerProcesses.cpuSeconds(server.pid());
    }

    @Override
    public void drop(BenchDatabase database) throws SQLException {
        try (Connection connection = DriverManager.getConnection(database.jdbcUrl(), USER, "")) {
            Sql.execute(connection, "DROP DATABASE " + name(database));
        }
    }

    @Override
    public void close() {
        server.stop();
    }
}
