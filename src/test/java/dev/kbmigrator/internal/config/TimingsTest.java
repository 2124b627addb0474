package dev.kbmigrator.internal.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.support.Backoff;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimingsTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private static Timings timings(Duration leaseTtl, Duration idleLook) {
        return new Timings(leaseTtl, MINUTE, idleLook, MINUTE, new Backoff(MINUTE, MINUTE), MINUTE);
    }

    @Test
    void recentlyIsFourLooksOrTheTtlIfThatIsLonger() {
        assertThat(timings(MINUTE, Duration.ofSeconds(14)).recently()).isEqualTo(MINUTE);
        assertThat(timings(MINUTE, Duration.ofSeconds(16)).recently()).isEqualTo(Duration.ofSeconds(64));
    }
}
