package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.fixture.ManualEnvironment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {

    private final ManualEnvironment environment = new ManualEnvironment();

    @Test
    void delaysDoubleUpToTheLongest() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
        assertThat(backoff.delay(1, environment)).isEqualTo(Duration.ofMillis(100));
        assertThat(backoff.delay(2, environment)).isEqualTo(Duration.ofMillis(200));
        assertThat(backoff.delay(4, environment)).isEqualTo(Duration.ofMillis(800));
        assertThat(backoff.delay(5, environment)).isEqualTo(Duration.ofSeconds(1));
        assertThat(backoff.delay(65, environment)).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void chanceShortensADelayByAtMostHalf() {
        environment.chance(Long.MAX_VALUE);
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
        assertThat(backoff.delay(1, environment)).isEqualTo(Duration.ofMillis(50));
        assertThat(backoff.delay(9, environment)).isEqualTo(Duration.ofMillis(500));
    }

    @Test
    void aLongFirstDelayDoesNotOverflow() {
        Backoff backoff = new Backoff(Duration.ofDays(3650), Duration.ofDays(3650));
        assertThat(backoff.delay(60, environment)).isEqualTo(Duration.ofDays(3650));
    }
}
