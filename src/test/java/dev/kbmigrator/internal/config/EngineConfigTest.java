package dev.kbmigrator.internal.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.internal.config.EngineConfig.Timings;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.memory.MemoryLock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EngineConfigTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final FrozenEnvironment environment = new FrozenEnvironment();

    private static Timings timings(Duration leaseTtl, Duration idleLook) {
        return new Timings(leaseTtl, MINUTE, idleLook, MINUTE, new Backoff(MINUTE, MINUTE), null, MINUTE);
    }

    @Test
    void whoHasMissedFourLooksOrItsLeasesWhicheverTakesLongerWasNotSeenLately() {
        assertThat(timings(MINUTE, Duration.ofSeconds(14)).lately()).isEqualTo(MINUTE);
        assertThat(timings(MINUTE, Duration.ofSeconds(16)).lately()).isEqualTo(Duration.ofSeconds(64));
    }

    private record Limited(long version, String name, Optional<Duration> timeout) implements KbMigration {

        @Override
        public void migrateKb(MigrationContext context, String kbId) {}
    }

    private Optional<Duration> timeoutOf(Optional<Duration> ownLimit) {
        Limited migration = new Limited(1, "limited", ownLimit);
        return environment
                .config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), Runnable::run, migration)
                .timeoutOf(1);
    }

    @Test
    void aMigrationsOwnTimeLimitComesBeforeTheOneOfAll() {
        Optional<Duration> own = Optional.of(Duration.ofSeconds(5));
        assertThat(timeoutOf(Optional.empty())).as("neither").isEmpty();
        assertThat(timeoutOf(own)).isEqualTo(own);
        environment.attemptTimeout = MINUTE;
        assertThat(timeoutOf(Optional.empty())).hasValue(MINUTE);
        assertThat(timeoutOf(own)).isEqualTo(own);
    }
}
