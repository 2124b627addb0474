package dev.kbmigrator.support;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A real PostgreSQL server from a Maven artifact, on a free port, with its data under the build's own directory. */
public final class PostgresServer implements AutoCloseable {

    private static final Map<String, String> DURABLE =
            Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on", "max_wal_size", "4GB");

    private static @Nullable PostgresServer shared;

    private final EmbeddedPostgres postgres;
    private final Path data;

    private PostgresServer(EmbeddedPostgres postgres, Path data) {
        this.postgres = postgres;
        this.data = data;
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

    /** The same, for that many connections. */
    public static PostgresServer durable(int connections) {
        Map<String, String> settings = new HashMap<>(DURABLE);
        settings.put("max_connections", Integer.toString(connections));
        return start(settings);
    }

    /** A server of its own that loses nothing when its processes are killed, only when the machine fails. */
    public static PostgresServer restartable() {
        return start(Map.of("synchronous_commit", "on", "max_connections", "300"));
    }

    private static PostgresServer start(Map<String, String> settings) {
        Path data = TestFiles.newDirectory("postgres");
        try {
            EmbeddedPostgres.Builder builder =
                    EmbeddedPostgres.builder().setDataDirectory(data).setCleanDataDirectory(true);
            settings.forEach(builder::setServerConfig);
            return new PostgresServer(builder.start(), data);
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

    /** The process that has started all others of the server. */
    public long pid() {
        try {
            return Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).get(0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops it at once: no connection is asked, nothing is written that was not, and the next start has to recover. */
    public void crash() {
        long pid = pid();
        ProcessSignals.send("QUIT", pid);
        ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
    }

    /** Starts it again after {@link #crash}, on the same port. */
    public void startAgain() {
        try {
            String line = Files.readString(data.resolve("postmaster.opts")).strip();
            int end = line.indexOf(" \"");
            Path control = Path.of(line.substring(0, end)).resolveSibling("pg_ctl");
            List<String> command = new ArrayList<>();
            if ("root".equals(System.getProperty("user.name"))) {
                command.addAll(List.of("unshare", "-U"));
            }
            command.addAll(
                    List.of(control.toString(), "-D", data.toString(), "-o", line.substring(end), "-w", "start"));
            Path log = data.resolve("restart.log");
            int status = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("PostgreSQL does not start again, see " + log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
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
