package dev.kbmigrator.bench;

import dev.kbmigrator.bench.ScaleModel.Costs;
import dev.kbmigrator.bench.ScaleModel.Prediction;
import dev.kbmigrator.bench.ScaleModel.Replica;
import dev.kbmigrator.bench.ScaleModel.Store;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The tables of {@code docs/scale.md}, from what the benchmark has measured. */
final class ScaleTables {

    /** The costs per KB are taken from here; the other cases are predicted from them. */
    private static final String MEASURED = "b_1000000";

    private static final int MACHINE_CORES = 2;
    private static final double WAIT = 0.02;

    /** The defaults of {@code MigratorBuilder}, on two cores. */
    private static final Replica REPLICA = new Replica(2, 5, 4);

    private static final Store LARGE_STORE = new Store(16, 400e6, 2_000, false);

    private static final List<Long> KBS = List.of(10_000_000L, 100_000_000L, 1_000_000_000L);
    private static final List<Integer> REPLICAS = List.of(2, 16, 64, 128, 256, 500);

    private final Map<String, Double> figures;

    /** Over the figures of {@code result.json} and {@code scale.json}. */
    ScaleTables(Map<String, Double> figures) {
        this.figures = figures;
    }

    private double figure(String name) {
        return Objects.requireNonNull(figures.get(name), name);
    }

    Costs costs() {
        double kbs = figure(MEASURED + "_kbs");
        double among500 = figure("scale_server_seconds_per_look_among_500");
        double alone = figure("scale_server_seconds_per_look");
        return new Costs(
                figure(MEASURED + "_server_cpu_seconds") / kbs,
                figure("scale_server_seconds_per_batch"),
                figure(MEASURED + "_client_cpu_seconds") / kbs,
                alone,
                Math.max(0, among500 - alone) / 499,
                figure("scale_server_seconds_per_kb_scanned"),
                figure("scale_server_seconds_per_pass"),
                figure(MEASURED + "_wal_bytes_per_kb"),
                figure("scale_wal_bytes_per_look"),
                figure("scale_batch_seconds"));
    }

    /** The model beside what was measured on the benchmark's machine. */
    String checks() {
        StringBuilder table = new StringBuilder("""
                | case | measured, s | model, s | model is off by |
                |---|---|---|---|
                """);
        Store store = new Store(MACHINE_CORES, Double.MAX_VALUE, Double.MAX_VALUE, true);
        ScaleModel model = new ScaleModel(costs(), store, REPLICA);
        for (String name : List.of("b_10000", "b_100000", MEASURED)) {
            check(table, model, name, 1, 0);
        }
        for (int replicas : List.of(1, 2, 4, 8)) {
            check(table, model, "d_" + replicas, replicas, WAIT);
        }
        return table.toString();
    }

    private void check(StringBuilder table, ScaleModel model, String name, int replicas, double bodySeconds) {
        Double measured = figures.get(name + "_seconds");
        if (measured != null) {
            long kbs = Math.round(figure(name + "_kbs"));
            double predicted = model.predict(new ScaleModel.ModelledFleet(kbs, replicas, bodySeconds))
                    .seconds();
            table.append(String.format(
                    Locale.ROOT,
                    "| `%s` | %.2f | %.2f | %+.0f %% |%n",
                    name,
                    measured,
                    predicted,
                    (predicted / measured - 1) * 100));
        }
    }

    /** What to expect of fleets that nobody has measured, on a server of 16 cores. */
    String predictions(double bodySeconds) {
        StringBuilder table = new StringBuilder("""
                | KBs | replicas | time | KBs/s | limited by | server busy | by looks | by hourly looks | log, MB/s | commits/s |
                |---|---|---|---|---|---|---|---|---|---|
                """);
        ScaleModel model = new ScaleModel(costs(), LARGE_STORE, REPLICA);
        for (long kbs : KBS) {
            for (int replicas : REPLICAS) {
                Prediction prediction = model.predict(new ScaleModel.ModelledFleet(kbs, replicas, bodySeconds));
                table.append(String.format(
                        Locale.ROOT,
                        "| %,d | %d | %s | %,.0f | %s | %.0f %% | %.1f %% | %.1f %% | %.1f | %,.0f |%n",
                        kbs,
                        replicas,
                        time(prediction.seconds()),
                        prediction.kbsPerSecond(),
                        prediction.limit().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                        prediction.load().busyShare() * 100,
                        prediction.load().lookShare() * 100,
                        prediction.load().thoroughShare() * 100,
                        prediction.load().walBytesPerSecond() / 1e6,
                        prediction.load().commitsPerSecond()));
            }
        }
        return table.toString();
    }

    private static String time(double seconds) {
        if (seconds < 120) {
            return String.format(Locale.ROOT, "%.0f s", seconds);
        }
        return seconds < 7_200
                ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
                : String.format(Locale.ROOT, "%.1f h", seconds / 3_600);
    }

    String all() {
        return "### The model compared with measurements\n\n" + checks() + "\n### A no-op\n\n" + predictions(0)
                + "\n### 20 ms of waiting per KB\n\n" + predictions(WAIT);
    }
}
