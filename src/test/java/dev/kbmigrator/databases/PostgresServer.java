package dev.kbmigrator.databases;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL server from a Maven artifact, on a free port, with its data under the build's own directory. */
public final class PostgresServer implements AutoCloseable {

    private static final Map<String, String> DURABLE =
            Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on", "max_wal_size", "4GB");

    private static @Nullable PostgresServer shared;

    private final EmbeddedPostgres postgres;

    private PostgresServer(EmbeddedPostgres postgres) {
        this.postgres = postgres;
    }

    /** The server that most tests share; it does not wait for the disk. */
    public static synchronized PostgresServer shared() {
        if (shared == null) {
            shared = start(Map.of("max_connections", "300"));
            Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
        }
        return shared;
    }

    /** A server of its own that waits for the disk, as one in production does. */
    public static PostgresServer durable() {
        return start(DURABLE);
    }

    private static PostgresServer start(Map<String, String> settings) {
        try {
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                    .setDataDirectory(TestFiles.newDirectory("postgres"))
                    .setCleanDataDirectory(true);
            settings.forEach(builder::setServerConfig);
            return new PostgresServer(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "PostgreSQL could not be started. As root it needs user namespaces (unshare -U): see the README",
                    e);
        }
    }

    /** Creates a database; answers its URL, for the user {@code postgres}. */
    public String newDatabase(String name) {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return url(name);
    }

    /** The URL of a database. */
    public String url(String name) {
        return "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/" + name;
    }

    /** The port that it listens on. */
    public int port() {
        return postgres.getPort();
    }

    @Override
    public void close() {
        try {
            postgres.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
