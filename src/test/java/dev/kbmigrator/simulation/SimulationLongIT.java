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
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Plays as many seeds as {@code simulate.minutes} (60) allow, 100,000 at most, after it has made sure that it finds every
 * planted bug, and writes {@code target/simulate/result.json}.
 */
@Tag("simulate")
@ExtendWith(Silence.class)
class SimulationLongIT {

    private static final long MOST_SEEDS = 100_000;
    private static final int MOST_SEEDS_TO_FIND = 2_000;
    private static final int EVENTS = 200;
    private static final int MOST_SHOWN = 10;

    @Test
    void everyPlantedBugIsFoundAndNoSeedBreaksAnInvariant() throws IOException {
        ObjectNode report = new ObjectMapper().createObjectNode();
        List<Mutant> missed = findPlantedBugs(report);
        List<String> violations = playSeeds(report);
        // The forks work in target/forks/<profile>
        Path file = Path.of("..", "..", "simulate", "result.json");
        Files.createDirectories(file.getParent());
        Files.writeString(file, report.toPrettyString());
        assertThat(missed).as("planted bugs that were not found").isEmpty();
        assertThat(violations).isEmpty();
    }

    private static List<Mutant> findPlantedBugs(ObjectNode report) {
        List<Mutant> missed = new ArrayList<>();
        List<Integer> seeds = new ArrayList<>();
        ObjectNode byBug = report.putObject("seedsToFind");
        for (Mutant bug : Mutant.values()) {
            if (bug != Mutant.NONE) {
                int needed = Simulation.seedsToFind(bug, MOST_SEEDS_TO_FIND);
                byBug.put(bug.name(), needed);
                seeds.add(needed == 0 ? Integer.MAX_VALUE : needed);
                if (needed == 0) {
                    missed.add(bug);
                }
            }
        }
        Collections.sort(seeds);
        report.put("plantedBugs", seeds.size());
        report.put("plantedFound", seeds.size() - missed.size());
        report.put("medianSeedsToFind", seeds.get(seeds.size() / 2));
        return missed;
    }

    private static List<String> playSeeds(ObjectNode report) {
        long startedAt = System.nanoTime();
        long limit = Duration.ofMinutes(Long.getLong("simulate.minutes", 60)).toNanos();
        List<String> violations = new ArrayList<>();
        long broken = 0;
        long seed = 0;
        while (seed < MOST_SEEDS && System.nanoTime() - startedAt < limit) {
            Result result = Simulation.play(++seed, Mutant.NONE);
            if (result.violation() != null) {
                broken++;
                if (violations.size() < MOST_SHOWN) {
                    violations.add(result.describe(EVENTS));
                }
            }
        }
        report.put("seeds", seed);
        report.put("violations", broken);
        report.put("seedsPerSecond", Math.round(seed * 1e10 / (System.nanoTime() - startedAt)) / 10.0);
        return violations;
    }
}
