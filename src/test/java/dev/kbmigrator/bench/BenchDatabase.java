package dev.kbmigrator.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.RoundTrips;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/** A database for one contender. Its pools count the statements that go through them; closing it closes the pools. */
final class BenchDatabase implements AutoCloseable {

    private final String jdbcUrl;
    private final String user;
    private final String password;
    private final List<HikariDataSource> pools = new ArrayList<>();
    private final List<RoundTrips> trips = new ArrayList<>();

    BenchDatabase(String jdbcUrl, String user, String password) {
        this.jdbcUrl = jdbcUrl;
        this.user = user;
        this.password = password;
    }

    /** A pool of its own. */
    DataSource pool(int size) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(jdbcUrl);
        config.setUsername(user);
        config.setPassword(password);
        config.setMaximumPoolSize(size);
        HikariDataSource pool = new HikariDataSource(config);
        pools.add(pool);
        RoundTrips counted = new RoundTrips(pool);
        trips.add(counted);
        return counted.dataSource();
    }

    String jdbcUrl() {
        return jdbcUrl;
    }

    String user() {
        return user;
    }

    String password() {
        return password;
    }

    /**
     * Replaces the pools' idle connections: a server counts what a connection did for certain only when it ends, and what was
     * done to prepare is not to count.
     */
    void renewConnections() {
        pools.forEach(pool -> pool.getHikariPoolMXBean().softEvictConnections());
    }

    /** How many round trips went through all of its pools. */
    long roundTrips() {
        return trips.stream().mapToLong(RoundTrips::count).sum();
    }

    /** Leaves an empty PostgreSQL database: its schemas go one by one, each in a transaction of its own. */
    void dropEverything() throws SQLException {
        try (Connection connection = DriverManager.getConnection(jdbcUrl, user, password);
                Statement statement = connection.createStatement()) {
            List<String> schemas = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery("""
                    SELECT quote_ident(nspname) FROM pg_namespace
                    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
                    """)) {
                while (rows.next()) {
                    schemas.add(rows.getString(1));
                }
            }
            for (String schema : schemas) {
                statement.execute("DROP SCHEMA " + schema + " CASCADE");
            }
            statement.execute("CREATE SCHEMA public");
        }
    }

    @Override
    public void close() {
        pools.forEach(HikariDataSource::close);
    }
}
