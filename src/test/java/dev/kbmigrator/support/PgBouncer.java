package dev.kbmigrator.support;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A PgBouncer in transaction mode, where one is installed: on the path, or named by the property {@code pgbouncer}. */
public final class PgBouncer implements AutoCloseable {

    private final Process process;
    private final int port;

    private PgBouncer(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it in front of a database, which it calls {@code alias}. Skips the test, and says so, where there is none. */
    public static PgBouncer startOrSkip(int serverPort, String database) throws IOException, InterruptedException {
        Optional<Path> program = program();
        if (program.isEmpty()) {
            System.err.println("NOT TESTED: there is no pgbouncer on the path; -Dpgbouncer=... names one");
            return abort("there is no pgbouncer on the path; -Dpgbouncer=... names one");
        }
        int port = freePort();
        Path directory = TestFiles.newDirectory("pgbouncer");
        Path users = Files.writeString(directory.resolve("users.txt"), "\"postgres\" \"\"\n");
        Path configuration =
                Files.writeString(directory.resolve("pgbouncer.ini"), """
                [databases]
                alias = host=127.0.0.1 port=%d dbname=%s user=postgres
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = any
                auth_file = %s
                pool_mode = transaction
                default_pool_size = 4
                ignore_startup_parameters = extra_float_digits
                """.formatted(serverPort, database, port, users));
        List<String> command = new ArrayList<>();
        if ("root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(program.get().toString(), configuration.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        PgBouncer started = new PgBouncer(process, port);
        started.awaitPort(directory.resolve("log"));
        return started;
    }

    private static Optional<Path> program() {
        return Stream.concat(
                        Stream.ofNullable(System.getProperty("pgbouncer")).map(Path::of),
                        Stream.of(System.getenv("PATH").split(":")).map(entry -> Path.of(entry, "pgbouncer")))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private void awaitPort(Path log) throws IOException, InterruptedException {
        for (int i = 0; i < 100; i++) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                if (socket.isConnected()) {
                    return;
                }
            } catch (IOException e) {
                if (process.waitFor(100, TimeUnit.MILLISECONDS)) {
                    throw new IOException("pgbouncer does not start: " + Files.readString(log), e);
                }
            }
        }
        throw new IOException("pgbouncer does not listen: " + Files.readString(log));
    }

    /** The port that it listens on. */
    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.destroy();
    }
}
