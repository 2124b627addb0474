package dev.kbmigrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.kbmigrator.simulation.Simulation.Result;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.slf4j.LoggerFactory;

/** Plays a few hundred seeds; each is a fleet of its own. */
class SimulationTest {

    private static final int EVENTS = 300;

    @BeforeAll
    static void silenceTheEngine() {
        ((Logger) LoggerFactory.getLogger("dev.kbmigrator.internal.engine")).setLevel(Level.OFF);
    }

    @AfterAll
    static void restoreTheLog() {
        ((Logger) LoggerFactory.getLogger("dev.kbmigrator.internal.engine")).setLevel(null);
    }

    @Test
    void noSeedBreaksAnInvariant() {
        long first = Long.getLong("simulate.first", 1);
        int seeds = Integer.getInteger("simulate.seeds", 300);
        long steps = 0;
        long startedAt = System.nanoTime();
        for (long seed = first; seed < first + seeds; seed++) {
            Result result = Simulation.play(seed, Mutant.NONE);
            steps += result.steps();
            assertThat(result.violation()).as(() -> result.describe(EVENTS)).isNull();
        }
        System.out.printf(
                "%.1f seeds/s, %d steps a seed%n", seeds * 1e9 / (System.nanoTime() - startedAt), steps / seeds);
    }

    @Test
    void theSameSeedIsTheSameRun() {
        for (long seed = 1; seed <= 10; seed++) {
            Result first = Simulation.play(seed, Mutant.NONE);
            Result second = Simulation.play(seed, Mutant.NONE);
            assertThat(second.hash()).isEqualTo(first.hash());
            assertThat(second.steps()).isEqualTo(first.steps());
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "simulate.seed", matches = "\\d+")
    void replay() {
        Result result = Simulation.play(Long.getLong("simulate.seed"), Mutant.NONE);
        System.out.println(result.describe(Integer.getInteger("simulate.events", 2_000)));
    }
}
