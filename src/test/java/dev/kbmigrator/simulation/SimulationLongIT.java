package dev.kbmigrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.simulation.Simulation.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Runs one fleet per seed, for as many seeds as {@code simulate.minutes} (60) allow, 100,000 at most, after it has made sure
 * that it finds every planted bug, and writes {@code target/simulate/result.json}. Two fleets run at a time; each run is the
 * same as alone.
 */
@Tag("simulate")
@ExtendWith(QuietLog.class)
class SimulationLongIT {

    private static final long MOST_SEEDS = 100_000;
    private static final int MOST_SEEDS_TO_FIND = 2_000;
    private static final int EVENTS = 200;
    private static final int MOST_SHOWN = 10;

    @Test
    void everyPlantedBugIsFoundAndNoSeedBreaksAnInvariant() throws IOException, InterruptedException {
        ObjectNode report = new ObjectMapper().createObjectNode();
        List<Mutant> missed = findPlantedBugs(report);
        List<String> violations = runSeeds(report);
        // The forks work in target/forks/<profile>
        Path file = Path.of("..", "..", "simulate", "result.json");
        Files.createDirectories(file.getParent());
        Files.writeString(file, report.toPrettyString());
        assertThat(missed).as("planted bugs that were not found").isEmpty();
        assertThat(violations).isEmpty();
    }

    private static List<Mutant> findPlantedBugs(ObjectNode report) throws InterruptedException {
        Map<Mutant, Integer> needed = Collections.synchronizedMap(new EnumMap<>(Mutant.class));
        Mutant[] mutants = Mutant.values();
        // The first is none
        SimulationThreads.run(mutants.length - 1, () -> true, number -> {
            Mutant bug = mutants[(int) number];
            needed.put(bug, Simulation.seedsToFind(bug, MOST_SEEDS_TO_FIND));
        });
        ObjectNode byBug = report.putObject("seedsToFind");
        needed.forEach((bug, seeds) -> byBug.put(bug.name(), seeds));
        List<Mutant> missed =
                needed.keySet().stream().filter(bug -> needed.get(bug) == 0).toList();
        List<Integer> sorted = new ArrayList<>(needed.values());
        sorted.replaceAll(seeds -> seeds == 0 ? Integer.MAX_VALUE : seeds);
        Collections.sort(sorted);
        report.put("plantedBugs", sorted.size());
        report.put("plantedFound", sorted.size() - missed.size());
        report.put("medianSeedsToFind", sorted.get(sorted.size() / 2));
        System.out.println("planted bugs found: " + (sorted.size() - missed.size()) + " of " + sorted.size());
        return missed;
    }

    private static List<String> runSeeds(ObjectNode report) throws InterruptedException {
        long limit = Duration.ofMinutes(Long.getLong("simulate.minutes", 60)).toNanos();
        Progress progress = new Progress();
        SimulationThreads.run(
                MOST_SEEDS, () -> progress.nanos() < limit, seed -> progress.ran(Simulation.run(seed, Mutant.NONE)));
        report.put("seeds", progress.seeds);
        report.put("violations", progress.broken);
        report.put("seedsPerSecond", progress.rate());
        return progress.violations;
    }

    /** What has come of the seeds so far; says so every minute. */
    private static final class Progress {

        private final long startedAt = System.nanoTime();
        private final List<String> violations = new ArrayList<>();
        private long seeds;
        private long broken;
        private long minutesSaid;

        synchronized void ran(Result result) {
            seeds++;
            if (result.violation() != null) {
                broken++;
                System.out.println("seed " + result.seed() + ": " + result.violation());
                if (violations.size() < MOST_SHOWN) {
                    violations.add(result.describe(EVENTS));
                }
            }
            long minutes = TimeUnit.NANOSECONDS.toMinutes(nanos());
            if (minutes > minutesSaid) {
                minutesSaid = minutes;
                System.out.println("after " + minutes + " min: " + seeds + " seeds, " + rate() + " a second, " + broken
                        + " violations");
            }
        }

        long nanos() {
            return System.nanoTime() - startedAt;
        }

        double rate() {
            return Math.round(seeds * 1e10 / nanos()) / 10.0;
        }
    }
}
