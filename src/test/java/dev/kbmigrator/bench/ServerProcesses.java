package dev.kbmigrator.bench;

import java.time.Duration;
import java.util.stream.Stream;

/** What the processes of a server have used. */
final class ServerProcesses {

    private ServerProcesses() {}

    /** Of a process and all that it has started and that are still there. */
    static double cpuSeconds(long pid) {
        return ProcessHandle.of(pid).stream()
                        .flatMap(main -> Stream.concat(Stream.of(main), main.descendants()))
                        .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                        .mapToLong(Duration::toNanos)
                        .sum()
                / 1e9;
    }
}
