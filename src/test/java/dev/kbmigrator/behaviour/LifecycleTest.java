package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class LifecycleTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    private static StateStoreException down() {
        return new StateStoreException("connection refused");
    }

    @Test
    void runningTwiceIsFine() {
        Migrator migrator = fleet.withKbs(3).migrator(fleet.recording(1));
        assertThat(migrator.run().kbMigrations()).isEqualTo(3);
        assertThat(migrator.run().kbMigrations()).isZero();
    }

    @Test
    void upToDateARunIsOneLookAndNoLock() {
        Migrator migrator = fleet.withKbs(3).migrator(fleet.recording(1), fleet.recordingGlobal(2));
        migrator.run();
        fleet.storeCalls.calls.clear();
        fleet.lockCalls.calls.clear();
        migrator.run();
        assertThat(fleet.storeCalls.calls.stream().filter(call -> !call.equals("maxBatch")))
                .containsExactly("look");
        assertThat(fleet.lockCalls.calls).isEmpty();
    }

    @Test
    void whatIsStartedCannotBeStartedOrRunAgain() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        assertThatThrownBy(migrator::start).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(migrator::run).isInstanceOf(IllegalStateException.class);
        migrator.close();
    }

    @Test
    void itCanGoToTheBackgroundAfterARun() {
        Migrator migrator = fleet.withKbs(3).migrator(fleet.recording(1));
        migrator.run();
        migrator.start();
        fleet.kbs.add("new");
        fleet.advance(Duration.ofMinutes(6));
        MemoryFleet.await().until(() -> fleet.version("new") == 1);
    }

    @Test
    void anEmptyFleetReachesTheTarget() {
        RunReport report =
                fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2)).run();
        assertThat(report.currentVersion()).isEqualTo(2);
        assertThat(fleet.ran).containsExactly("2/");
    }

    @Test
    void aFleetOfOneReachesTheTarget() {
        fleet.withKbs(1).migrator(fleet.recording(1), fleet.recordingGlobal(2)).run();
        assertThat(fleet.ran).containsExactly("1/kb-0", "2/");
    }

    @Test
    void startingOutlivesAStoreThatIsDown() {
        fleet.withKbs(3).storeCalls.fail(LifecycleTest::down);
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > 1);
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> fleet.ran.size() == 3);
    }

    @Test
    void startingOutlivesAnErrorOfTheStore() {
        fleet.withKbs(3).storeCalls.fail(() -> new NoClassDefFoundError("org/postgresql/Driver"));
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > 1);
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> fleet.ran.size() == 3);
    }

    @Test
    void aStoreThatGoesAwayInTheMiddleLosesNothing() {
        fleet.withKbs(200);
        Migrator migrator = fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2));
        fleet.storeCalls.fail(LifecycleTest::down, "write", "raiseFloors");
        migrator.start();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.contains("write"));
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
        assertThat(fleet.ran).hasSize(201).doesNotHaveDuplicates();
    }

    @Test
    void aRunWithTheStoreDownIsAClearErrorAtOnce() {
        fleet.storeCalls.fail(LifecycleTest::down);
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(migrator::run)
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("connection refused");
        assertThatThrownBy(() -> migrator.run(1)).isInstanceOf(MigratorException.class);
        fleet.storeCalls.mend();
        assertThat(migrator.run().currentVersion()).isEqualTo(1);
    }

    @Test
    void aRunWithTheLockServiceDownIsAClearErrorAtOnce() {
        fleet.withKbs(3).lockCalls.fail(() -> new IllegalStateException("no route to redis"));
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(migrator::run)
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("no route to redis");
        fleet.lockCalls.mend();
        assertThat(migrator.run().currentVersion()).isEqualTo(1);
    }

    @Test
    void startingOutlivesALockServiceThatIsDown() {
        fleet.withKbs(3).lockCalls.fail(() -> new NoClassDefFoundError("redis/clients/Jedis"));
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.lockCalls.calls.size() > 1);
        fleet.lockCalls.mend();
        MemoryFleet.await().until(() -> fleet.ran.size() == 3);
    }

    @Test
    void anInterruptEndsARunAndWhatItRuns() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        Migrator migrator = fleet.withKbs(1).migrator(KbMigration.of(1, "wait", (context, kbId) -> {
            entered.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                stopped.countDown();
            }
        }));
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread runner = new Thread(() -> {
            try {
                migrator.run();
            } catch (MigratorException e) {
                thrown.set(Thread.currentThread().isInterrupted() ? e : null);
            }
        });
        runner.start();
        entered.await();
        runner.interrupt();
        runner.join(5_000);
        assertThat(thrown.get()).hasMessageContaining("interrupted");
        stopped.await();
        assertThat(fleet.version("kb-0")).isZero();
    }
}
