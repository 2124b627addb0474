package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DurationsTest {

    @Test
    void aDurationThatMeansForeverIsLimitedToTenYears() {
        Duration tenYears = Duration.ofDays(3650);
        assertThat(Durations.bounded(Duration.ofSeconds(Long.MAX_VALUE))).isEqualTo(tenYears);
        assertThat(Durations.bounded(tenYears.minusNanos(1))).isEqualTo(tenYears.minusNanos(1));
    }
}
