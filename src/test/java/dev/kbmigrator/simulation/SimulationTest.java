package dev.kbmigrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.simulation.Simulation.Result;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs one fleet per seed, for a few hundred seeds: each is a fleet of the real engine with its own migrations, timings and
 * misfortunes. With {@code -Dsimulate.seed=N} it runs that one only, and shows what happens.
 */
@ExtendWith(QuietLog.class)
class SimulationTest {

    private static final int EVENTS = 200;
    private static final int REPEATED = 10;

    /** No planted bug has needed half of it. */
    private static final int MOST_SEEDS_TO_FIND = 600;

    @Test
    @DisabledIfSystemProperty(named = "simulate.seed", matches = ".*")
    void noSeedBreaksAnInvariant() {
        for (long seed = 1; seed <= Integer.getInteger("simulate.seeds", 300); seed++) {
            Result result = Simulation.run(seed, Mutant.NONE);
            assertThat(result.violation()).as(() -> result.describe(EVENTS)).isNull();
        }
    }

    @Test
    @DisabledIfSystemProperty(named = "simulate.seed", matches = ".*")
    @Tag("self-check")
    void theSameSeedIsTheSameRun() {
        for (long seed = 1; seed <= REPEATED; seed++) {
            Result first = Simulation.run(seed, Mutant.NONE);
            Result second = Simulation.run(seed, Mutant.NONE);
            assertThat(second.hash()).as("seed %d", seed).isEqualTo(first.hash());
            assertThat(second.steps()).isEqualTo(first.steps());
            assertThat(second.trace().last(EVENTS)).isEqualTo(first.trace().last(EVENTS));
        }
    }

    @Test
    @DisabledIfSystemProperty(named = "simulate.seed", matches = ".*")
    @Tag("self-check")
    void theSameSeedIsTheSameRunInAnotherProcessAndBesideOthers() throws Exception {
        String alone = Fingerprints.of(REPEATED);
        assertThat(Fingerprints.inAnotherProcess(REPEATED)).isEqualTo(alone);
        CompletableFuture<String> one = CompletableFuture.supplyAsync(() -> Fingerprints.of(REPEATED));
        CompletableFuture<String> other = CompletableFuture.supplyAsync(() -> Fingerprints.of(REPEATED));
        assertThat(one.get()).isEqualTo(alone);
        assertThat(other.get()).isEqualTo(alone);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    @DisabledIfSystemProperty(named = "simulate.seed", matches = ".*")
    @Tag("self-check")
    void aPlantedBugIsFound(Mutant bug) {
        assertThat(Simulation.seedsToFind(bug, MOST_SEEDS_TO_FIND)).isPositive();
    }

    @Test
    @EnabledIfSystemProperty(named = "simulate.seed", matches = "\\d+")
    void replay() {
        Result result = Simulation.run(Long.getLong("simulate.seed"), Mutant.NONE);
        System.out.println(result.describe(Integer.getInteger("simulate.events", EVENTS)));
        assertThat(result.violation()).isNull();
    }
}
