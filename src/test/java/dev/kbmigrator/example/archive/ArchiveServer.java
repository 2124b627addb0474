package dev.kbmigrator.example.archive;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.h2.tools.Server;

/**
 * The archive's database: one H2 file, opened by this process and served to the replicas on a port of this machine only, to
 * those who know the key of this run.
 *
 * <p>The file is reached by {@code async:}, because an interrupt during ordinary file I/O closes the file. A replica that is
 * killed cannot hurt the file at all: it is not the one that writes it.
 */
final class ArchiveServer implements AutoCloseable {

    private static final String LOOPBACK = "127.0.0.1";

    private final HikariDataSource dataSource;
    private final Server server;
    private final String url;

    private ArchiveServer(HikariDataSource dataSource, Server server, String url) {
        this.dataSource = dataSource;
        this.server = server;
        this.url = url;
    }

    /** Opens the database, which is made when it is not there, and serves it. */
    static ArchiveServer start(Path file) throws SQLException {
        // Read once, by the first class of H2 that is loaded
        System.setProperty("h2.bindAddress", LOOPBACK);
        String database = "async:" + file;
        HikariDataSource own = connect("jdbc:h2:" + database);
        try {
            String key = UUID.randomUUID().toString();
            Server server = Server.createTcpServer("-tcpPort", "0", "-tcpDaemon", "-key", key, database)
                    .start();
            return new ArchiveServer(own, server, "jdbc:h2:tcp://" + LOOPBACK + ":" + server.getPort() + "/" + key);
        } catch (SQLException | RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** A pool of connections to that address. */
    static HikariDataSource connect(String url) {
        JdbcDataSource h2 = new JdbcDataSource();
        h2.setURL(url);
        HikariConfig config = new HikariConfig();
        config.setDataSource(h2);
        config.setPoolName("archive");
        config.setMaximumPoolSize(12);
        config.setMinimumIdle(1);
        return new HikariDataSource(config);
    }

    HikariDataSource dataSource() {
        return dataSource;
    }

    /** Where the replicas reach it. */
    String url() {
        return url;
    }

    @Override
    public void close() {
        server.stop();
        dataSource.close();
    }
}
