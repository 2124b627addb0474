package dev.kbmigrator.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark with next to nothing to do, so that it is found out soon when it does not run any more; its times mean nothing. */
@Timeout(300)
class BenchmarkSmokeIT {

    private static final int KBS = 2_000;

    @Test
    void aRoundGivesFiguresOfEachKind() throws Exception {
        List<Case> cases = List.of(
                Cases.named("floor4").withKbs(KBS),
                Cases.named("b-1000000").withKbs(KBS),
                Cases.named("d-2").withKbs(100),
                Cases.named("h2-b-1000"));
        Figures figures;
        try (Bench bench = new Bench()) {
            figures = bench.run(cases, 1);
        }
        assertThat(figures.flat())
                .containsEntry("b_1000000_kbs", (double) KBS)
                .containsEntry("d_2_kbs", 100.0)
                .containsKeys("h2_b_1000_kbs_per_second", "floor4_server_cpu_seconds")
                .hasEntrySatisfying(
                        "b_1000000_row_writes_per_kb", rows -> assertThat(rows).isBetween(1.0, 2.0))
                .hasEntrySatisfying(
                        "floor4_row_writes_per_kb", rows -> assertThat(rows).isBetween(1.0, 1.1))
                .hasEntrySatisfying(
                        "floor4_wal_bytes_per_kb", bytes -> assertThat(bytes).isBetween(50.0, 500.0))
                .hasEntrySatisfying(
                        "b_1000000_statements_per_kb",
                        statements -> assertThat(statements).isBetween(0.004, 0.3));
        assertThat(Promise.all(figures))
                .anyMatch(promise -> promise.key().equals("b_1000000_over_floor4")
                        && promise.value().isPresent());
    }

    @Test
    void aCommitComparedWithItselfHasARatioForEachFigure() throws Exception {
        CommitComparison comparison = new CommitComparison(Checkout.own(), Checkout.own());
        try (Bench bench = new Bench()) {
            comparison.run(bench, List.of(Cases.named("b-1000000").withKbs(KBS)), 2);
        }
        assertThat(comparison.flat())
                .hasEntrySatisfying(
                        "b_1000000_seconds_ratio", ratio -> assertThat(ratio).isBetween(0.1, 10.0))
                .containsKeys("b_1000000_cpu_micros_per_kb_ratio_low", "b_1000000_statements_per_kb_ratio_high");
        assertThat(comparison.table()).contains("b_1000000_wal_bytes_per_kb");
    }
}
