package dev.kbmigrator.processes;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

/**
 * A database that processes share.
 *
 * @param url how they all reach it
 * @param user who they are there; no password
 */
record FleetDatabase(String url, String user) {

    private static final long MILLIS_FOR_A_CONNECTION = 3_000;

    /** A pool that is built even when the server is away, as a service's would be. */
    HikariDataSource pool(int size) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(MILLIS_FOR_A_CONNECTION);
        config.setValidationTimeout(MILLIS_FOR_A_CONNECTION / 3);
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }
}
