package dev.kbmigrator.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code mvn -B -Pbench verify} measures everything, writes {@code target/bench/result.json}, and checks what is promised.
 * {@code -Dbench.only=floor,b-1000000} measures some of it, {@code -Dbench.runs=1} once, {@code -Dbench.kbs=10000} with that
 * many KBs at most. What was not measured, or with fewer KBs, is not checked then; the chart is of a whole run only.
 */
@Tag("bench")
class KbMigratorBenchmark {

    private static final int RUNS = Integer.getInteger("bench.runs", 5);
    private static final int MOST_KBS = Integer.getInteger("bench.kbs", Integer.MAX_VALUE);
    private static final List<String> ONLY = Stream.of(
                    System.getProperty("bench.only", "").split(","))
            .filter(name -> !name.isBlank())
            .toList();

    @Test
    void theLibraryBesideItsPeersAndTheFloor() throws Exception {
        List<Case> cases = Cases.all().stream()
                .filter(one -> ONLY.isEmpty() || ONLY.stream().anyMatch(one::isMeantBy))
                .map(one -> one.withKbs(Math.min(MOST_KBS, one.kbs())))
                .toList();
        Figures figures;
        try (Bench bench = new Bench()) {
            figures = bench.run(cases, RUNS);
        }
        List<Promise> promises = Promise.all(figures);
        Map<String, Double> result = figures.flat();
        promises.forEach(promise -> promise.value().ifPresent(value -> result.put(promise.key(), value)));
        Path build = Path.of(System.getProperty("build.directory", "target"));
        Result.write(build.resolve("bench").resolve("result.json"), result);
        if (MOST_KBS == Integer.MAX_VALUE && ONLY.isEmpty()) {
            Files.writeString(build.resolveSibling("docs").resolve("cost-per-kb.svg"), Chart.of(figures));
        }
        if (MOST_KBS == Integer.MAX_VALUE) {
            check(promises);
        }
    }

    private static void check(List<Promise> promises) {
        SoftAssertions softly = new SoftAssertions();
        for (Promise promise : promises) {
            if (ONLY.isEmpty() || promise.value().isPresent()) {
                softly.assertThat(promise).matches(Promise::isKept, "is kept");
            }
        }
        softly.assertAll();
    }
}
