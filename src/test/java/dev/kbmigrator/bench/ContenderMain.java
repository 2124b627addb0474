package dev.kbmigrator.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The JVM of one contender: {@code ContenderMain <contender> <url> <user> <password> <tenants>}. It prepares and says
 * {@code ready}; told {@code run}, it runs, prints its figures as {@code key=value} lines and says {@code ran}; at the next
 * line, or when there is nobody to tell it anything any more, it ends.
 *
 * <p>{@link CommitComparisonBenchmark} starts this class of an older commit: its name, its arguments, what it says and what it
 * is told, and the names of the contenders stay as they are.
 */
public final class ContenderMain {

    static final String READY = "ready";
    static final String RUN = "run";
    static final String RAN = "ran";

    private ContenderMain() {}

    /** Prepares, runs, measures. */
    public static void main(String[] args) throws Exception {
        Contender contender = Contenders.named(args[0]);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (BenchDatabase database = new BenchDatabase(args[1], args[2], args[3])) {
            contender.prepare(database, Integer.parseInt(args[4]));
            database.renewConnections();
            System.out.println(READY);
            if (RUN.equals(orders.readLine())) {
                measure(contender, database);
                System.out.println(RAN);
                orders.readLine();
            }
            contender.close();
        }
        // A contender may have left threads behind
        System.exit(0);
    }

    private static void measure(Contender contender, BenchDatabase database) throws Exception {
        OperatingSystemMXBean process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        List<MemoryPoolMXBean> heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
        heap.forEach(MemoryPoolMXBean::resetPeakUsage);
        long tripsBefore = database.roundTrips();
        long cpuBefore = process.getProcessCpuTime();
        long startedAt = System.nanoTime();
        contender.run();
        print("seconds", (System.nanoTime() - startedAt) / 1e9);
        print("client_cpu_seconds", (process.getProcessCpuTime() - cpuBefore) / 1e9);
        print("statements", database.roundTrips() - tripsBefore);
        print(
                "peak_heap_mb",
                heap.stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum() / 1e6);
        System.gc();
        print(
                "live_heap_mb",
                heap.stream().mapToLong(pool -> pool.getUsage().getUsed()).sum() / 1e6);
        print("done", contender.done());
        if (contender instanceof Reporting reporting) {
            for (Map.Entry<String, Double> figure : reporting.figures().entrySet()) {
                print(figure.getKey(), figure.getValue());
            }
        }
    }

    private static void print(String key, Object value) {
        System.out.println(key + "=" + value);
    }
}
