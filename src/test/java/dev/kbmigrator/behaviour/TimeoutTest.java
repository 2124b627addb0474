package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class TimeoutTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(20);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void letTheDeafGo() {
        release.countDown();
    }

    private void ignoreEverything() {
        Uninterruptibles.awaitUninterruptibly(release);
    }

    private Migrator migrator(Migration... migrations) {
        return fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(100))
                        .leaseTtl(Duration.ofMillis(300))
                        .kbConcurrency(2),
                migrations);
    }

    @Test
    void aPartThatTakesTooLongIsInterruptedAndFails() {
        Migrator migrator = migrator(KbMigration.of(1, "hang", (context, kbId) -> {
            if (kbId.equals("kb-7")) {
                new CountDownLatch(1).await();
            }
        }));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().kbMigrations()).isEqualTo(19);
        assertThat(error.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.error()).contains("time limit of PT0.1S", "kb-7"));
    }

    /** Waits for ever, and says how long it may. */
    private record Limited(Optional<Duration> timeout) implements KbMigration {

        @Override
        public long version() {
            return 1;
        }

        @Override
        public String name() {
            return "limited";
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) throws InterruptedException {
            new CountDownLatch(1).await();
        }
    }

    @Test
    void aMigrationsOwnLimitComesBeforeTheMigrators() {
        Limited hasty = new Limited(Optional.of(Duration.ofMillis(20)));
        for (Duration limit : List.of(Duration.ofMillis(10), Duration.ofHours(1))) {
            Migrator migrator =
                    fleet.migrator(builder -> builder.attemptTimeout(limit).leaseTtl(Duration.ofMillis(300)), hasty);
            assertThat(catchThrowableOfType(MigrationFailedException.class, migrator::run)
                            .report()
                            .failures())
                    .hasSize(20)
                    .allSatisfy(failure -> assertThat(failure.error()).contains("time limit of PT0.02S"));
        }
    }

    @Test
    void aPartThatIgnoresTheInterruptStopsNoOther() {
        AtomicInteger deaf = new AtomicInteger();
        Migrator migrator = migrator(
                KbMigration.of(1, "deaf", (context, kbId) -> {
                    if (kbId.equals("kb-7") && deaf.incrementAndGet() == 1) {
                        ignoreEverything();
                    }
                }),
                fleet.recording(2));
        migrator.start();
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
        assertThat(deaf).hasValueGreaterThan(1);
        assertThat(log.messages(Level.WARN))
                .anySatisfy(message -> assertThat(message).contains("does not stop"));
    }

    @Test
    void aStuckGlobalPartIsGivenUpOnceAndTriedAgain() {
        AtomicInteger attempts = new AtomicInteger();
        Migrator migrator = fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(100))
                        .leaseTtl(Duration.ofMillis(300))
                        .backoff(Duration.ofMillis(10), Duration.ofMillis(20)),
                GlobalMigration.of(1, "deaf", context -> {
                    if (attempts.incrementAndGet() == 1) {
                        ignoreEverything();
                    }
                }));
        migrator.start();
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        assertThat(log.messages(Level.WARN).stream().filter(message -> message.contains("does not stop")))
                .hasSize(1);
    }

    @Test
    void thatEveryThreadIsStuckIsShown() {
        Migrator migrator = migrator(KbMigration.of(1, "deaf", (context, kbId) -> ignoreEverything()));
        migrator.start();
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(migrator.status().waitingFor())
                        .anySatisfy(reason -> assertThat(reason).contains("do not stop")));
    }
}
