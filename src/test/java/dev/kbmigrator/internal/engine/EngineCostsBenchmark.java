package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.internal.worker.WorkerCosts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** The scenario {@code jmh} of the benchmark: writes {@code target/bench/jmh.json}, two figures per benchmark. */
@Tag("bench")
class EngineCostsBenchmark {

    private static final String BYTES = "gc.alloc.rate.norm";

    @Test
    void theCostsOfTheEnginePerKbAreMeasured() throws Exception {
        Options options = new OptionsBuilder()
                .include("\\b" + EngineCosts.class.getSimpleName() + "\\.")
                .include("\\b" + WorkerCosts.class.getSimpleName() + "\\.")
                .addProfiler(GCProfiler.class)
                .forks(1)
                .jvmArgs("-Xmx512m")
                .shouldFailOnError(true)
                .build();
        Collection<RunResult> results = new Runner(options).run();
        ObjectNode figures = new ObjectMapper().createObjectNode();
        for (RunResult result : results) {
            String name = "jmh_" + result.getPrimaryResult().getLabel();
            // The median: one pause of the machine must not count for the whole
            figures.put(
                    name + "_ns_per_kb",
                    rounded(result.getPrimaryResult().getStatistics().getPercentile(50)));
            Result<?> bytes =
                    Objects.requireNonNull(result.getSecondaryResults().get(BYTES));
            figures.put(name + "_bytes_per_kb", rounded(bytes.getScore()));
        }
        write(figures);
        assertThat(figures.fieldNames())
                .toIterable()
                .contains(
                        "jmh_partition_ns_per_kb", "jmh_context_ns_per_kb", "jmh_batch_ns_per_kb", "jmh_run_ns_per_kb");
        assertThat(figures).allSatisfy(figure -> assertThat(figure.asDouble()).isPositive());
    }

    private static double rounded(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private static void write(ObjectNode figures) throws Exception {
        Path directory = Files.createDirectories(
                Path.of(System.getProperty("build.directory", "target")).resolve("bench"));
        String json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures);
        Files.writeString(directory.resolve("jmh.json"), json + "\n");
        System.out.println(json);
    }
}
