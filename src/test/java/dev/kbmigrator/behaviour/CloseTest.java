package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class CloseTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(20);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch never = new CountDownLatch(1);

    /** Waits for an interrupt at its checkpoint. */
    private KbMigration waiting() {
        return KbMigration.of(1, "wait", (context, kbId) -> {
            context.saveCheckpoint("here");
            entered.countDown();
            never.await();
        });
    }

    /** Goes on until it is cancelled, and saves a checkpoint again and again. */
    private KbMigration checkpointing(AtomicBoolean interrupted) {
        return KbMigration.of(1, "checkpoint", (context, kbId) -> {
            try {
                for (int i = 0; ; i++) {
                    context.saveCheckpoint(i);
                    entered.countDown();
                }
            } finally {
                interrupted.compareAndSet(false, Thread.currentThread().isInterrupted());
            }
        });
    }

    private static Duration timeOf(Runnable action) {
        long start = System.nanoTime();
        action.run();
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Test
    void closingBeforeTheStartDoesNothingAndIsFinal() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.close();
        migrator.close();
        assertThat(fleet.storeCalls.calls).isEmpty();
        assertThatThrownBy(migrator::start).isInstanceOf(MigratorClosedException.class);
        assertThatThrownBy(migrator::run).isInstanceOf(MigratorClosedException.class);
        assertThatThrownBy(() -> migrator.migrateKb("kb-0")).isInstanceOf(MigratorClosedException.class);
        assertThat(fleet.memory.documents("")).isEmpty();
    }

    @Test
    void aPartCancelledAtItsCheckpointCountsAsNoFailure() throws InterruptedException {
        AtomicBoolean interrupted = new AtomicBoolean();
        Migrator migrator = fleet.migrator(checkpointing(interrupted));
        migrator.start();
        entered.await();
        assertThat(timeOf(migrator::close)).isLessThan(Duration.ofSeconds(5));
        assertThat(interrupted).isFalse();
        assertThat(fleet.memory.find(fleet.kbs).values()).allSatisfy(kb -> {
            assertThat(kb.version()).isZero();
            if (kb.record() != null) {
                assertThat(kb.record().failures()).isZero();
            }
        });
        Migrator next = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(next::run).isInstanceOf(InvalidMigrationsException.class);
    }

    @Test
    void theLeasesAreFreeAfterwards() throws InterruptedException {
        AtomicBoolean interrupted = new AtomicBoolean();
        Migrator migrator = fleet.migrator(checkpointing(interrupted));
        migrator.start();
        entered.await();
        migrator.close();
        Migrator next = fleet.migrator(KbMigration.of(1, "checkpoint", (context, kbId) -> fleet.ran.add(kbId)));
        assertThat(next.run().currentVersion()).isEqualTo(1);
        assertThat(fleet.ran).hasSize(20);
    }

    @Test
    void aPartThatDoesNotLookIsInterruptedAfterHalfOfTheTime() throws InterruptedException {
        Migrator migrator = fleet.migrator(waiting());
        migrator.start();
        entered.await();
        assertThat(timeOf(() -> migrator.close(Duration.ofSeconds(2))))
                .isBetween(Duration.ofMillis(900), Duration.ofMillis(1_900));
    }

    @Test
    void aPartThatIgnoresEverythingDoesNotHoldUpClosing() throws InterruptedException {
        Migrator migrator = fleet.migrator(KbMigration.of(1, "deaf", (context, kbId) -> {
            entered.countDown();
            Uninterruptibles.awaitUninterruptibly(never);
        }));
        migrator.start();
        entered.await();
        assertThat(timeOf(() -> migrator.close(Duration.ofMillis(400)))).isLessThan(Duration.ofSeconds(2));
        assertThat(timeOf(() -> migrator.close(Duration.ZERO))).isLessThan(Duration.ofSeconds(1));
        never.countDown();
    }

    @Test
    void closingWithNoTimeAtAllReturnsAtOnce() throws InterruptedException {
        Migrator migrator = fleet.migrator(waiting());
        migrator.start();
        entered.await();
        assertThat(timeOf(() -> migrator.close(Duration.ZERO))).isLessThan(Duration.ofSeconds(1));
        MemoryFleet.await()
                .until(() -> fleet.lock
                        .tryAcquire("migrations", Duration.ofSeconds(1))
                        .isPresent());
    }

    @Test
    void closingEndsARunThatIsUnderWay() throws InterruptedException {
        Migrator migrator = fleet.migrator(waiting());
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread runner = new Thread(() -> {
            try {
                migrator.run();
            } catch (MigratorClosedException e) {
                thrown.set(e);
            }
        });
        runner.start();
        entered.await();
        assertThat(timeOf(() -> migrator.close(Duration.ofSeconds(4)))).isLessThan(Duration.ofMillis(3_500));
        runner.join(3_000);
        assertThat(thrown.get()).hasMessageContaining("closed before the run had ended");
    }

    @Test
    void twoMayCloseAtOnce() throws InterruptedException {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        Thread other = new Thread(() -> migrator.close(Duration.ofSeconds(10)));
        other.start();
        assertThat(timeOf(() -> migrator.close(Duration.ofSeconds(10)))).isLessThan(Duration.ofSeconds(4));
        other.join(4_000);
        assertThat(other.isAlive()).isFalse();
    }

    @Test
    void itSaysGoodbyeAfterTheBackgroundAndAfterARun() {
        Migrator watcher = fleet.migrator();
        Migrator background = fleet.migrator(fleet.recording(1));
        background.start();
        Migrator once = fleet.migrator(fleet.recording(1));
        once.run();
        MemoryFleet.await().until(() -> watcher.status().replicas().size() == 2);
        background.close();
        once.close();
        assertThat(watcher.status().replicas()).isEmpty();
    }

    /** As when the framework destroys the connection pool before the migrator. */
    @Test
    void servicesThatWereClosedFirstDoNotHoldUpClosing() {
        Migrator migrator = fleet.migrator(KbMigration.of(1, "slow", (context, kbId) -> {
            entered.countDown();
            for (int i = 0; i < 100; i++) {
                context.checkCancelled();
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }));
        migrator.start();
        Uninterruptibles.awaitUninterruptibly(entered);
        fleet.storeCalls.fail(() -> new StateStoreException("the pool is closed"));
        fleet.lockCalls.fail(() -> new StateStoreException("the pool is closed"));
        MemoryFleet.await()
                .until(() -> log.messages(Level.WARN).stream()
                        .anyMatch(message -> message.startsWith("Still cannot ") && message.contains("pool")));
        assertThat(timeOf(() -> migrator.close(Duration.ofSeconds(15)))).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void aStoreThatHangsDoesNotHoldUpTheGoodbye() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.run();
        CountDownLatch hanging = new CountDownLatch(1);
        fleet.storeCalls.fail(
                () -> {
                    try {
                        hanging.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return new StateStoreException("gone");
                },
                "forgetReplica");
        assertThat(timeOf(() -> migrator.close(Duration.ofMillis(300)))).isLessThan(Duration.ofSeconds(2));
        hanging.countDown();
    }
}
