package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
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
        List<Case> cases =
                List.of(Cases.named("i").withKbs(KBS), Cases.named("b-1000000").withKbs(KBS));
        Figures figures;
        try (Bench bench = new Bench()) {
            figures = bench.run(cases, 1);
        }
        Result.write(
                Path.of(System.getProperty("build.directory", "target"), "million", "result.json"), figures.flat());
        assertThat(figures.median("b_1000000", "statements_per_kb").orElseThrow())
                .isLessThanOrEqualTo(0.05);
        assertThat(figures.median("b_1000000", "row_writes_per_kb").orElseThrow())
                .isLessThanOrEqualTo(1.1);
        assertThat(figures.median("b_1000000", "wal_bytes_per_kb").orElseThrow())
                .isLessThanOrEqualTo(260);
    }
}
