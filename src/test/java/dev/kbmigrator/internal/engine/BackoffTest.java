package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private final Manual surroundings = new Manual();

    @Test
    void theLongestDelayDoublesUpToTheMost() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
        assertThat(backoff.delay(1, surroundings)).isEqualTo(Duration.ofMillis(100));
        assertThat(backoff.delay(2, surroundings)).isEqualTo(Duration.ofMillis(200));
        assertThat(backoff.delay(4, surroundings)).isEqualTo(Duration.ofMillis(800));
        assertThat(backoff.delay(5, surroundings)).isEqualTo(Duration.ofSeconds(1));
        assertThat(backoff.delay(65, surroundings)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void chanceTakesAwayHalfOfItAtMost() {
        surroundings.chance(Long.MAX_VALUE);
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
        assertThat(backoff.delay(1, surroundings)).isEqualTo(Duration.ofMillis(50));
        assertThat(backoff.delay(9, surroundings)).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void aLongFirstDelayDoesNotOverflow() {
        Backoff backoff = new Backoff(Duration.ofDays(3650), Duration.ofDays(3650));
        assertThat(backoff.delay(60, surroundings)).isEqualTo(Duration.ofDays(3650));
    }

    @Test
    void aDurationThatMeansForEverIsBounded() {
        Duration tenYears = Duration.ofDays(3650);
        assertThat(Durations.bounded(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(tenYears);
        assertThat(Durations.bounded(tenYears.minusNanos(1))).isEqualTo(tenYears.minusNanos(1));
    }
}
