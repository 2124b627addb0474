package dev.kbmigrator.bench;

import dev.kbmigrator.support.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** One contender in a JVM of its own: made ready, run when it is told, and alive until it is closed. */
final class ContenderProcess implements AutoCloseable {

    private final String contender;
    private final Process process;
    private final BufferedReader output;
    private final Writer orders;

    private ContenderProcess(String contender, Process process) {
        this.contender = contender;
        this.process = process;
        this.output = process.inputReader();
        this.orders = process.outputWriter();
    }

    static ContenderProcess start(
            Checkout checkout, String contender, BenchDatabase database, int tenants, List<String> jvmOptions)
            throws IOException {
        List<String> arguments =
                List.of(contender, database.jdbcUrl(), database.user(), database.password(), Integer.toString(tenants));
        List<String> command = ChildJvm.command(checkout.classPath(), checkout.main(), jvmOptions, arguments);
        return new ContenderProcess(
                contender,
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
    }

    void awaitReady() throws IOException {
        readTo(ContenderMain.READY);
    }

    void run() throws IOException {
        order(ContenderMain.RUN);
    }

    /** Waits until it has run; answers its figures. */
    Map<String, Double> awaitRan() throws IOException {
        return readTo(ContenderMain.RAN);
    }

    private void order(String line) throws IOException {
        orders.write(line + "\n");
        orders.flush();
    }

    private Map<String, Double> readTo(String end) throws IOException {
        Map<String, Double> figures = new TreeMap<>();
        for (String line = output.readLine(); !end.equals(line); line = output.readLine()) {
            if (line == null) {
                throw new IOException(contender + " ended before it said " + end);
            }
            int equals = line.indexOf('=');
            if (line.matches("[a-z0-9_]+=[-0-9.E]+")) {
                figures.put(line.substring(0, equals), Double.valueOf(line.substring(equals + 1)));
            } else {
                System.out.println(contender + ": " + line);
            }
        }
        return figures;
    }

    /** Lets it end, and waits for that. */
    @Override
    public void close() {
        try {
            if (process.isAlive()) {
                order("end");
            }
            int code = process.waitFor();
            if (code != 0) {
                throw new IllegalStateException(contender + " ended with exit code " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            process.destroyForcibly();
        }
    }
}
