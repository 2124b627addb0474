package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The counts of a million KBs, which hold on any machine: {@code mvn -B -Pmillion verify} writes
 * {@code target/million/result.json}. The same cases as in the benchmark, once, with nothing beside them.
 */
@Tag("million")
class MillionIT {

    private static final int KBS = Integer.getInteger("million.kbs", 1_000_000);

    @Test
    void aMillionKbsAreMigratedWithAHeapOf64Mb() throws Exception {
        Case migration = Cases.named("b-1000000").withKbs(KBS);
        ObjectNode result = new ObjectMapper().createObjectNode();
        try (Bench bench = new Bench()) {
            Figures figures = bench.run(List.of(Cases.named("i").withKbs(KBS), migration), 1);
            result.put("kbs", KBS);
            put(result, "seconds", figures.median("b_1000000", "seconds"));
            put(result, "kbsPerSecond", figures.median("b_1000000", "kbs_per_second"));
            put(result, "roundTripsPerKb", figures.median("b_1000000", "statements_per_kb"));
            put(result, "rowWritesPerKb", figures.median("b_1000000", "row_writes_per_kb"));
            put(result, "walBytesPerKb", figures.median("b_1000000", "wal_bytes_per_kb"));
            put(result, "maxHeapMb", figures.median("b_1000000", "peak_heap_mb"));
            put(result, "enrolmentSeconds", figures.median("i", "seconds"));
            bench.durability(migration).forEach(result::put);
        }
        write(result);
        assertThat(result.get("roundTripsPerKb").asDouble()).isLessThanOrEqualTo(0.05);
        assertThat(result.get("rowWritesPerKb").asDouble()).isLessThanOrEqualTo(1.1);
        assertThat(result.get("walBytesPerKb").asDouble()).isLessThanOrEqualTo(260);
        assertThat(result.get("maxHeapMb").asDouble()).isLessThanOrEqualTo(64);
        assertThat(result.get("fsync").asText()).isEqualTo("on");
    }

    private static void put(ObjectNode result, String key, OptionalDouble value) {
        result.put(key, Math.round(value.orElseThrow() * 10_000) / 10_000.0);
    }

    private static void write(ObjectNode result) throws IOException {
        Path file = Path.of(System.getProperty("build.directory", "target"), "million", "result.json");
        String json = result.toPrettyString();
        Files.createDirectories(file.getParent());
        Files.writeString(file, json + "\n");
        System.out.println(json);
    }
}
