package dev.kbmigrator.example.archive;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A replica as the process that started it sees it. */
final class ArchiveProcess implements AutoCloseable {

    private final String name;
    private final Path log;
    private final Process process;
    private final BufferedReader answers;
    private final Writer orders;

    private ArchiveProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
        this.answers = process.inputReader();
        this.orders = process.outputWriter();
    }

    /** Starts a replica; it waits for {@link #go}. */
    static ArchiveProcess start(String name, ArchiveSettings settings, String url) throws IOException {
        // No performance data: a process that is killed would leave its file in the machine's temporary directory
        List<String> options =
                List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-Djava.io.tmpdir=" + settings.temporary());
        List<String> arguments = List.of(
                name, settings.repository().toString(), settings.directory().toString());
        Path log = settings.directory().resolve("replica-" + name + ".log");
        Process process = new ProcessBuilder(JavaCommand.of(ArchiveReplica.class, options, arguments))
                .directory(settings.directory().toFile())
                .redirectError(log.toFile())
                .start();
        ArchiveProcess replica = new ArchiveProcess(name, log, process);
        replica.tell(url);
        return replica;
    }

    /** Waits until it has started. */
    void awaitReady() throws IOException {
        String answer = answers.readLine();
        if (!ArchiveReplica.READY.equals(answer)) {
            throw new IOException(this + " did not start; see " + log);
        }
    }

    /** Lets it run. */
    void go() throws IOException {
        tell("go");
    }

    private void tell(String order) throws IOException {
        orders.write(order + System.lineSeparator());
        orders.flush();
    }

    /** Kills it, as the machine would: nothing of it runs any more when this returns. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for its end, but no longer than that. */
    void awaitEnd(Duration timeout) throws InterruptedException {
        process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Throws what it said, when it has ended otherwise than well. */
    void check() throws IOException {
        if (!isAlive() && process.exitValue() != 0) {
            throw new IOException(this + " ended with exit code " + process.exitValue() + ": "
                    + answers.lines().collect(Collectors.joining(System.lineSeparator())) + " (see " + log + ")");
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            orders.close();
            answers.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // What was still to be told to a process that is gone
        }
    }

    @Override
    public String toString() {
        return "replica " + name + " (process " + process.pid() + ")";
    }
}
