package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A call that fails at each attempt, and for ever. */
@Timeout(60)
class PersistentErrorTest {

    private static final Duration TTL = Duration.ofMillis(600);

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    private Migrator migrator(Migration... migrations) {
        return fleet.migrator(PersistentErrorTest::settings, migrations);
    }

    private static MigratorBuilder settings(MigratorBuilder builder) {
        return builder.leaseTtl(TTL).backoff(Duration.ofMillis(100), Duration.ofMillis(200));
    }

    private static StateStoreException full() {
        return new StateStoreException(Kind.OUTAGE, "the disk is full", null);
    }

    /** Everything was well once, so that the error is not one of the first contact. */
    private Migrator afterAFirstRun(Migration... migrations) {
        fleet.withKbs(20);
        migrator(fleet.recording(1)).run();
        return migrator(migrations);
    }

    @ParameterizedTest
    @CsvSource({
        "openEpochs, open epochs",
        "page, list KBs",
        "write, record versions of KBs",
        "raiseFloors, raise floors",
        "compareAndSet, change the documents",
        "document, read documents",
        "enroll, enrol KBs",
        "count, count KBs"
    })
    void itEndsARunWithItsText(String call, String step) {
        Migrator migrator = afterAFirstRun(fleet.recording(1), fleet.recording(2), fleet.recordingGlobal(3));
        fleet.advance(Duration.ofHours(1));
        fleet.storeCalls.fail(PersistentErrorTest::full, call);
        long began = System.nanoTime();
        assertThatThrownBy(migrator::run)
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining("cannot " + step)
                .hasMessageContaining("the disk is full")
                .hasMessageContaining("attempts since")
                .hasMessageContaining("Run again when the cause is fixed");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(TTL.multipliedBy(2), TTL.multipliedBy(20));
        fleet.storeCalls.mend();
        assertThat(migrator.run().currentVersion()).isEqualTo(3);
    }

    @Test
    void aLookThatFailsInTheMiddleEndsARun() {
        AtomicBoolean began = new AtomicBoolean();
        Migrator migrator = afterAFirstRun(fleet.recording(1), KbMigration.of(2, "two", (context, kbId) -> {
            if (began.compareAndSet(false, true)) {
                fleet.storeCalls.fail(PersistentErrorTest::full, "look");
            }
        }));
        assertThatThrownBy(migrator::run)
                .hasMessageContaining("cannot look at the shared state: the disk is full")
                .hasMessageContaining("attempts since");
    }

    @Test
    void aLockThatFailsInTheMiddleEndsARun() {
        AtomicBoolean began = new AtomicBoolean();
        Migrator migrator = afterAFirstRun(
                fleet.recording(1),
                KbMigration.of(2, "two", (context, kbId) -> {
                    if (began.compareAndSet(false, true)) {
                        fleet.lockCalls.fail(() -> new IllegalStateException("no route to redis"));
                    }
                    Thread.sleep(100);
                }),
                fleet.recordingGlobal(3));
        assertThatThrownBy(migrator::run).hasMessageContaining("cannot ").hasMessageContaining("no route to redis");
    }

    @Test
    void aGlobalPartThatCannotBeRecordedEndsARun() {
        Migrator migrator = afterAFirstRun(
                fleet.recording(1),
                GlobalMigration.of(
                        2, "two", context -> fleet.storeCalls.fail(PersistentErrorTest::full, "compareAndSet")));
        assertThatThrownBy(migrator::run).hasMessageContaining("cannot change the documents global: the disk is full");
    }

    @Test
    void whatRunsIsWaitedFor() {
        CountDownLatch end = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        // Long enough that no lease is lost on a busy machine
        Duration ttl = Duration.ofSeconds(4);
        CountDownLatch hanging = new CountDownLatch(1);
        Migrator migrator = fleet.withKbs(5)
                .migrator(
                        builder -> settings(builder).leaseTtl(ttl).kbConcurrency(5),
                        KbMigration.of(1, "one", (context, kbId) -> {
                            if (kbId.equals("kb-3")) {
                                fleet.storeCalls.fail(PersistentErrorTest::full, "write");
                                hanging.countDown();
                                end.await();
                            }
                            hanging.await();
                        }));
        Thread run = new Thread(() -> {
            try {
                migrator.run();
            } catch (MigratorException e) {
                thrown.set(e);
            }
        });
        run.start();
        MemoryFleet.await()
                .during(ttl.multipliedBy(2).plusSeconds(1))
                .atMost(Duration.ofSeconds(30))
                .until(() -> thrown.get() == null && run.isAlive());
        end.countDown();
        MemoryFleet.await().until(() -> thrown.get() != null);
        assertThat(thrown.get()).hasMessageContaining("the disk is full");
    }

    @Test
    void itDoesNotEndARunThatTheErrorDoesNotConcern() {
        Migrator migrator = afterAFirstRun(fleet.recording(1), KbMigration.of(2, "two", (context, kbId) -> {
            Thread.sleep(200);
        }));
        fleet.storeCalls.fail(PersistentErrorTest::full, "forgetReplica", "count");
        RunReport report = migrator.run();
        assertThat(report.currentVersion()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void noKbFailsBecauseOfIt(Kind kind) {
        Migrator migrator = afterAFirstRun(fleet.recording(1), KbMigration.of(2, "two", (context, kbId) -> {
            context.lastCheckpoint(String.class);
            context.saveCheckpoint("half");
        }));
        fleet.storeCalls.fail(() -> new StateStoreException(kind, "away", null), "write");
        if (kind != Kind.DATA) {
            assertThatThrownBy(migrator::run).hasMessageContaining("cannot save checkpoints of KBs: away");
            assertThat(fleet.kbs)
                    .allSatisfy(kb -> assertThat(fleet.failures(kb)).isZero());
        }
        fleet.storeCalls.mend();
        assertThat(migrator.run().currentVersion()).isEqualTo(2);
    }

    @Test
    void inTheBackgroundWaitingForNamesItUntilItIsOver() {
        fleet.withKbs(20);
        Migrator migrator = migrator(fleet.recording(1));
        fleet.storeCalls.fail(PersistentErrorTest::full, "raiseFloors");
        migrator.start();
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(migrator.status().waitingFor())
                        .anySatisfy(reason -> assertThat(reason)
                                .startsWith("this replica cannot raise floors: ")
                                .contains("attempts in a row have failed since 20")
                                .endsWith("the last one with: the disk is full")));
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> migrator.status().waitingFor().isEmpty());
    }

    @Test
    void closingTriesOnceMoreAndGivesUp() {
        fleet.withKbs(20);
        Migrator migrator = migrator(KbMigration.of(1, "one", (context, kbId) -> {}));
        fleet.storeCalls.fail(PersistentErrorTest::full, "write");
        migrator.start();
        MemoryFleet.await()
                .until(() ->
                        fleet.storeCalls.calls.stream().filter("write"::equals).count() > 3);
        long began = System.nanoTime();
        migrator.close(Duration.ofSeconds(20));
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(2));
    }
}
