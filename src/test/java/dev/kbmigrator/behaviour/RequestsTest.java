package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What operators and callers ask for: one KB now, a version skipped, a pause. */
@Timeout(20)
class RequestsTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(10);

    private final Set<String> failing = ConcurrentHashMap.newKeySet();
    private final CountDownLatch release = new CountDownLatch(1);

    private KbMigration kb(long version) {
        return KbMigration.of(version, "kb_" + version, (context, kbId) -> {
            if (failing.contains(version + "/" + kbId)) {
                throw new IllegalStateException("bad data in " + kbId);
            }
            fleet.ran.add(version + "/" + kbId);
        });
    }

    private Migrator patient(Migration... migrations) {
        return fleet.migrator(builder -> builder.backoff(Duration.ofHours(1), Duration.ofHours(1)), migrations);
    }

    /** A fleet that is at work, with one KB that failed and is not due for an hour. */
    private Migrator withOneThatFailed() {
        failing.add("1/kb-3");
        Migrator migrator = patient(kb(1), kb(2));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.failures("kb-3") == 1);
        return migrator;
    }

    @Test
    void aKbThatFailedIsTriedAgainNow() {
        Migrator migrator = withOneThatFailed();
        assertThatThrownBy(() -> migrator.migrateKb("kb-3"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("kb-3")
                .hasMessageContaining("bad data");
        failing.clear();
        assertThat(migrator.migrateKb("kb-3")).isEqualTo(2);
        assertThat(fleet.memory.documents("now/request/")).isEmpty();
    }

    @Test
    void aMigratorThatIsNotStartedDoesItToo() {
        withOneThatFailed().close();
        failing.clear();
        Migrator visitor = patient(kb(1), kb(2));
        assertThat(visitor.migrateKb("kb-3")).isEqualTo(2);
        assertThat(visitor.status().replicas()).isEmpty();
        visitor.start();
    }

    @Test
    void severalMayWaitAtOnce() throws InterruptedException {
        withOneThatFailed().close();
        failing.clear();
        Migrator visitor = patient(kb(1), kb(2));
        AtomicReference<Long> other = new AtomicReference<>();
        Thread waiter = new Thread(() -> other.set(visitor.migrateKb("kb-3")));
        waiter.start();
        assertThat(visitor.migrateKb("kb-0")).isEqualTo(2);
        assertThat(visitor.migrateKb("kb-3")).isEqualTo(2);
        waiter.join(5_000);
        assertThat(other.get()).isEqualTo(2);
    }

    @Test
    void theHolderOfThePartitionIsAsked() {
        Migrator holder = withOneThatFailed();
        failing.clear();
        assertThat(patient(kb(1), kb(2)).migrateKb("kb-3")).isEqualTo(2);
        assertThat(holder.status().failures()).isEmpty();
    }

    @Test
    void aKbThatNobodyKnewIsEnrolled() {
        Migrator migrator = patient(kb(1));
        migrator.run();
        assertThat(migrator.migrateKb("new")).isEqualTo(1);
        assertThat(fleet.ran).contains("1/new");
    }

    @Test
    void aSkippedVersionIsNotRunAndTheNextOnesAre() {
        Migrator migrator = withOneThatFailed();
        assertThat(migrator.skipKb("kb-3", 1, "mended by hand")).isEqualTo(2);
        assertThat(fleet.ran).contains("2/kb-3").doesNotContain("1/kb-3");
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
    }

    @Test
    void aVersionThatIsNotOpenCannotBeSkipped() {
        Migrator migrator = withOneThatFailed();
        assertThatThrownBy(() -> migrator.skipKb("kb-3", 9, "why"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("9");
        assertThat(fleet.version("kb-3")).isZero();
    }

    @Test
    void aKbThatIsForgottenMeanwhileEndsTheWait() {
        failing.add("1/kb-3");
        Migrator migrator = patient(kb(1));
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        migrator.pause("hold");
        assertThatThrownBy(() -> migrator.migrateKb("kb-3"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("hold");
        migrator.forgetKb("kb-3");
        migrator.resume();
        assertThat(migrator.run().currentVersion()).isEqualTo(1);
        assertThat(fleet.version("kb-3")).isEqualTo(-1);
        assertThat(fleet.memory.documents("now/request/")).isEmpty();
    }

    @Test
    void closingEndsTheWait() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        fleet.kbs.clear();
        Migrator opened = patient(kb(1));
        opened.run();
        Migrator migrator = patient(kb(1), KbMigration.of(2, "slow", (context, kbId) -> {
            entered.countDown();
            release.await();
        }));
        migrator.run();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread waiter = new Thread(() -> {
            try {
                migrator.migrateKb("kb-3");
            } catch (IllegalStateException | MigratorException e) {
                thrown.set(e);
            }
        });
        waiter.start();
        entered.await();
        migrator.close(Duration.ofSeconds(2));
        waiter.join(5_000);
        assertThat(thrown.get()).hasMessageContaining("closed");
    }

    @Test
    void aRequestOutlivesTheReplicaThatHasQueuedIt() throws InterruptedException {
        fleet.kbs.removeIf(kbId -> !kbId.equals("kb-3"));
        fleet.kbs.add(IntStream.range(10, 10_000)
                .mapToObj(i -> "kb-" + i)
                .filter(kbId -> Partitions.of(kbId) == Partitions.of("kb-3"))
                .findFirst()
                .orElseThrow());
        withOneThatFailed().close();
        CountDownLatch entered = new CountDownLatch(1);
        KbMigration slow = KbMigration.of(3, "slow", (context, kbId) -> {
            entered.countDown();
            release.await();
        });
        Migrator busy = fleet.migrator(builder -> builder.kbConcurrency(1), kb(1), kb(2), slow);
        busy.start();
        entered.await();
        Thread waiter = new Thread(() -> patient(kb(1), kb(2), slow).migrateKb("kb-3"));
        waiter.start();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.contains("document"));
        int then = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > then + 60);
        assertThat(fleet.memory.documents("now/request/")).hasSize(1);
        failing.clear();
        busy.close(Duration.ZERO);
        release.countDown();
        waiter.join(5_000);
        assertThat(fleet.version("kb-3")).isEqualTo(3);
        assertThat(fleet.memory.documents("now/request/")).isEmpty();
    }

    @Test
    void aPauseFinishesWhatRunsAndStartsNothingMore() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(
                builder -> builder.kbConcurrency(1),
                KbMigration.of(1, "slow", (context, kbId) -> {
                    fleet.ran.add("1/" + kbId);
                    entered.countDown();
                    release.await();
                }),
                kb(2));
        migrator.start();
        entered.await();
        migrator.pause("busy hours");
        assertThat(migrator.status().waitingFor())
                .anySatisfy(reason -> assertThat(reason).contains("busy hours"));
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 5);
        release.countDown();
        MemoryFleet.await().until(() -> migrator.status().running().isEmpty());
        MemoryFleet.await().until(() -> fleet.memory.count(1) == 9);
        int then = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > then + 10);
        assertThat(fleet.ran).hasSize(1);
        migrator.resume();
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
        assertThat(fleet.ran).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void aRunOfAPausedFleetSaysSo() {
        Migrator migrator = patient(kb(1));
        migrator.pause("busy hours");
        assertThatThrownBy(migrator::run)
                .isInstanceOfSatisfying(
                        MigrationsPausedException.class,
                        e -> assertThat(e.reason()).isEqualTo("busy hours"));
        assertThat(fleet.ran).isEmpty();
    }
}
