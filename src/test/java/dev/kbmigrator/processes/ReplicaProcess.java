package dev.kbmigrator.processes;

import dev.kbmigrator.support.ProcessSignals;
import dev.kbmigrator.support.TestFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A {@link ReplicaMain} that was started, seen from outside. */
final class ReplicaProcess implements AutoCloseable {

    /** What the replica says starts with this; everything else is its log. */
    static final String SAID = "@";

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final List<String> SMALL =
            List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto");

    private final ReplicaSettings settings;
    private final Process process;
    private final Path log;
    private final List<String> said = new CopyOnWriteArrayList<>();

    private ReplicaProcess(ReplicaSettings settings, Process process, Path log) {
        this.settings = settings;
        this.process = process;
        this.log = log;
    }

    /** Starts one, and does not wait for it. */
    static ReplicaProcess start(ReplicaSettings settings) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(SMALL);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ReplicaMain.class.getName()));
        command.addAll(settings.arguments());
        try {
            Path log = TestFiles.newDirectory("replica").resolve(settings.name() + ".log");
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            ReplicaProcess replica = new ReplicaProcess(settings, process, log);
            Thread reader = new Thread(replica::listen, "output of " + settings.name());
            reader.setDaemon(true);
            reader.start();
            return replica;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one, and waits until it is at work. */
    static ReplicaProcess startAndAwait(ReplicaSettings settings) {
        ReplicaProcess replica = start(settings);
        replica.awaitSaying("ready");
        return replica;
    }

    private void listen() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
                Writer file = Files.newBufferedWriter(log)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                file.append(line).append('\n').flush();
                if (line.startsWith(SAID)) {
                    said.add(line.substring(SAID.length()));
                }
            }
        } catch (IOException e) {
            said.add("unreadable " + e);
        }
    }

    ReplicaSettings settings() {
        return settings;
    }

    String name() {
        return settings.name();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it has said so far that starts like this. */
    List<String> said(String start) {
        return said.stream().filter(line -> line.startsWith(start)).toList();
    }

    void awaitSaying(String start) {
        Awaitility.await(this + " says " + start)
                .pollInterval(Duration.ofMillis(20))
                .atMost(PATIENCE)
                .until(() -> !said(start).isEmpty() || !process.isAlive());
        if (said(start).isEmpty()) {
            throw new AssertionError(this + " ended with " + process.exitValue() + " and never said " + start);
        }
    }

    /** Gives a command, and does not wait. */
    void tell(String command) {
        try {
            process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            // It died: whoever needs the answer finds out
        }
    }

    /** Gives a command, and waits until it is done. */
    void command(String command) {
        tell(command);
        awaitSaying("done " + command);
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly();
        awaitExit();
    }

    /** SIGSTOP: not a thread of it moves. */
    void freeze() {
        ProcessSignals.send("STOP", process.pid());
    }

    /** SIGCONT. */
    void thaw() {
        ProcessSignals.send("CONT", process.pid());
    }

    /** Waits until it has ended; answers its exit status. */
    int awaitExit() {
        try {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new AssertionError(this + " does not end");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Has it close its migrator, say goodbye and leave. */
    void leave() {
        tell("close");
        int status = awaitExit();
        if (status != 0) {
            throw new AssertionError(this + " left with " + status);
        }
    }

    /** Ends it, whatever it does. */
    @Override
    public void close() {
        if (process.isAlive()) {
            kill();
        }
    }

    @Override
    public String toString() {
        return settings.name() + " (" + settings.release() + ", " + log + ")";
    }
}
