package dev.kbmigrator.bench;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code mvn -B -Pbench verify -Dbench.before=<folder>} compares this checkout with another one of the project, which was
 * compiled with {@code mvn test-compile}: it measures the main figures with both, interleaved, prints the ratio after/before of
 * each with its median and a 95 % interval ({@link PairedRatios} says which), and writes {@code target/bench/comparison.json}.
 * It promises nothing: whoever runs it judges.
 *
 * <p>{@code -Dbench.rounds=5} says how many rounds, {@code -Dbench.only=b-1000000,e} which cases (of all, not only of the main
 * ones), {@code -Dbench.kbs=10000} how many KBs at most. {@link Checkout#before} says what to do if the other checkout has
 * other dependencies or another main class.
 */
@Tag("bench-comparison")
class CommitComparisonBenchmark {

    private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);
    private static final int MOST_KBS = Integer.getInteger("bench.kbs", Integer.MAX_VALUE);
    private static final List<String> ONLY = Stream.of(
                    System.getProperty("bench.only", "").split(","))
            .filter(name -> !name.isBlank())
            .toList();

    @Test
    void theMainFiguresBeforeAndAfter() throws Exception {
        List<Case> cases = (ONLY.isEmpty() ? Cases.ofCommits() : Cases.all())
                .stream()
                        .filter(one -> ONLY.isEmpty() || ONLY.stream().anyMatch(one::isMeantBy))
                        .map(one -> one.withKbs(Math.min(MOST_KBS, one.kbs())))
                        .toList();
        CommitComparison comparison = new CommitComparison(Checkout.before(), Checkout.own());
        try (Bench bench = new Bench()) {
            comparison.run(bench, cases, ROUNDS);
        }
        Path build = Path.of(System.getProperty("build.directory", "target"));
        Result.write(build.resolve("bench").resolve("comparison.json"), comparison.flat());
        System.out.println(comparison.table());
    }
}
