package dev.kbmigrator.support;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Signals to processes that the tests started. */
public final class ProcessSignals {

    private ProcessSignals() {}

    /** Sends a signal, such as {@code STOP}; a process that is gone is no error. */
    public static void send(String signal, long pid) {
        try {
            new ProcessBuilder("kill", "-" + signal, Long.toString(pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
