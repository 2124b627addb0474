package dev.kbmigrator.bench;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What a figure is promised to be.
 *
 * @param key what the figure is called in the result
 * @param value what was measured; empty when it was not
 * @param least the least that it may be
 * @param most the most that it may be
 */
record Promise(String key, OptionalDouble value, double least, double most) {

    static List<Promise> all(Figures figures) {
        return List.of(
                atMost(1, "a_round_trips", figures.median("a", "round_trips")),
                atMost(1.5, "a_over_bare", figures.median("a", "over_bare")),
                atMost(2, "b_1000000_over_floor4", figures.ratio("b_1000000", "floor4", "seconds")),
                reported("b_1000000_over_floor4_1024", figures.ratio("b_1000000", "floor4_1024", "seconds")),
                atMost(
                        1.5,
                        "b_1000000_one_writer_over_floor1",
                        figures.ratio("b_1000000_one_writer", "floor1", "seconds")),
                atLeast(8, "b_1000000_times_db_scheduler", times(figures, "db_scheduler")),
                atLeast(25, "b_1000000_times_shedlock_loop", times(figures, "shedlock_loop")),
                atLeast(2_000, "b_1000000_times_flyway", times(figures, "flyway")),
                atLeast(1, "b_1000000_times_jobrunr", times(figures, "jobrunr")),
                atMost(260, "b_1000000_wal_bytes_per_kb", figures.median("b_1000000", "wal_bytes_per_kb")),
                atMost(1.01, "b_1000000_row_writes_per_kb", figures.median("b_1000000", "row_writes_per_kb")),
                atMost(
                        1.25,
                        "b_1000000_live_heap_over_b_100000",
                        figures.ratio("b_1000000", "b_100000", "live_heap_mb")),
                atMost(0.05, "b_100000_statements_per_kb", figures.median("b_100000", "statements_per_kb")),
                atMost(0.3, "b_1000_statements_per_kb", figures.median("b_1000", "statements_per_kb")),
                atLeast(3.8, "d_4_times_d_1", figures.ratio("d_1", "d_4", "seconds")),
                atLeast(7.2, "d_8_times_d_1", figures.ratio("d_1", "d_8", "seconds")),
                atMost(1.1, "e_over_b_1000000", figures.ratio("e", "b_1000000", "seconds")),
                atMost(2, "f_others_seconds_over_b_10000", othersBesideASlowOne(figures)),
                atMost(1, "j_statements_per_look", figures.median("j", "statements_per_look")),
                atMost(2, "j_threads", figures.median("j", "threads")));
    }

    private static OptionalDouble times(Figures figures, String peer) {
        return figures.ratio("b_1000000", peer, "kbs_per_second");
    }

    private static OptionalDouble othersBesideASlowOne(Figures figures) {
        return figures.ratio("f", "others_seconds", "b_10000", "seconds");
    }

    private static Promise reported(String key, OptionalDouble value) {
        return new Promise(key, value, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    private static Promise atMost(double most, String key, OptionalDouble value) {
        return new Promise(key, value, Double.NEGATIVE_INFINITY, most);
    }

    private static Promise atLeast(double least, String key, OptionalDouble value) {
        return new Promise(key, value, least, Double.POSITIVE_INFINITY);
    }

    boolean isKept() {
        return value.isPresent() && value.getAsDouble() >= least && value.getAsDouble() <= most;
    }
}
