package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class FailureTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(20);

    private final Set<String> failing = ConcurrentHashMap.newKeySet();
    private final AtomicInteger attempts = new AtomicInteger();

    private KbMigration kb(long version) {
        return KbMigration.of(version, "kb_" + version, (context, kbId) -> {
            if (failing.contains(version + "/" + kbId)) {
                attempts.incrementAndGet();
                throw new IllegalStateException("bad data in " + kbId);
            }
            fleet.ran.add(version + "/" + kbId);
        });
    }

    private GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global_" + version, context -> {
            if (failing.contains(version + "/")) {
                attempts.incrementAndGet();
                throw new IllegalStateException("bad global data");
            }
            fleet.ran.add(version + "/");
        });
    }

    private static MigrationFailedException failureOf(Migrator migrator) {
        return catchThrowableOfType(MigrationFailedException.class, migrator::run);
    }

    @Test
    void aFailingKbHoldsTheFleetsVersionButNoOtherKb() {
        failing.add("1/kb-7");
        MigrationFailedException error = failureOf(fleet.migrator(kb(1), kb(2), global(3), kb(4)));
        assertThat(error.report().currentVersion()).isZero();
        assertThat(fleet.ran).hasSize(38).doesNotContain("3/", "2/kb-7");
        assertThat(error.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.version()).isEqualTo(1));
        failing.clear();
        assertThat(fleet.migrator(kb(1), kb(2), global(3), kb(4)).run().currentVersion())
                .isEqualTo(4);
        assertThat(fleet.ran).hasSize(61).doesNotHaveDuplicates();
    }

    @Test
    void aFailingKbWaitsForTheStoresClock() {
        failing.add("1/kb-7");
        Migrator migrator =
                fleet.migrator(builder -> builder.backoff(Duration.ofMinutes(2), Duration.ofMinutes(30)), kb(1));
        migrator.start();
        MemoryFleet.await().until(() -> migrator.status().failureCount() == 1);
        KbFailure failure = migrator.status().failures().get(0);
        assertThat(failure.failures()).isEqualTo(1);
        assertThat(failure.nextAttempt().orElseThrow())
                .isBetween(
                        java.time.Instant.now().plusSeconds(50),
                        java.time.Instant.now().plusSeconds(120));
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 20);
        assertThat(attempts).hasValue(1);
        fleet.advance(Duration.ofMinutes(2));
        MemoryFleet.await().until(() -> attempts.get() == 2);
        MemoryFleet.await().until(() -> migrator.status().failures().get(0).failures() == 2);
        failing.clear();
        fleet.advance(Duration.ofMinutes(4));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        assertThat(migrator.status().failures()).isEmpty();
    }

    @Test
    void aRunTriesEachDueKbOnce() {
        failing.addAll(List.of("1/kb-1", "1/kb-2", "1/kb-3"));
        Migrator migrator =
                fleet.migrator(builder -> builder.backoff(Duration.ofMillis(1), Duration.ofMillis(1)), kb(1));
        assertThat(failureOf(migrator).report().failureCount()).isEqualTo(3);
        assertThat(attempts).hasValue(3);
        fleet.advance(Duration.ofSeconds(1));
        assertThat(failureOf(migrator).report().failures())
                .allSatisfy(failure -> assertThat(failure.failures()).isEqualTo(2));
        assertThat(attempts).hasValue(6);
    }

    @Test
    void aFailureIsToldOnceItIsOnRecord() {
        failing.add("1/kb-7");
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        failureOf(fleet.migrator(
                builder -> builder.listener(new MigratorListener() {
                    @Override
                    public void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {
                        told.add(kbId + " " + migration + " " + fleet.failures(kbId));
                    }
                }),
                kb(1)));
        assertThat(told).containsExactly("kb-7 0001_kb_1 1");
    }

    @Test
    void listenersHearOfAVersionOnlyOnceItIsDurable() {
        List<String> told = new CopyOnWriteArrayList<>();
        fleet.migrator(
                        builder -> builder.listener(new MigratorListener() {
                            @Override
                            public void kbMigrated(String kbId, long version) {
                                told.add(kbId + " " + version + " " + fleet.version(kbId));
                            }
                        }),
                        fleet.recording(1),
                        fleet.recording(2))
                .run();
        assertThat(told).hasSize(fleet.kbs.size() * 2).contains("kb-7 1 1", "kb-7 2 2");
    }

    @Test
    void aFailingGlobalPartIsRetriedWithBackoffAndOnRecord() {
        failing.add("2/");
        Migrator migrator = fleet.migrator(
                builder -> builder.backoff(Duration.ofMinutes(2), Duration.ofMinutes(30)), kb(1), global(2), kb(3));
        migrator.start();
        MemoryFleet.await().until(() -> attempts.get() == 1);
        Migrator visitor = fleet.migrator(kb(1), global(2), kb(3));
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(visitor.status().waitingFor())
                        .singleElement()
                        .satisfies(reason ->
                                assertThat(reason).contains("0002_global_2", "1 times", "bad global data", "due at")));
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 20);
        assertThat(attempts).hasValue(1);
        fleet.advance(Duration.ofMinutes(2));
        MemoryFleet.await().until(() -> attempts.get() == 2);
        failing.clear();
        fleet.advance(Duration.ofMinutes(5));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 3);
        assertThat(migrator.status().waitingFor()).isEmpty();
    }

    @Test
    void aRunTriesTheGlobalPartOnceAndReportsIt() {
        failing.add("2/");
        Migrator migrator = fleet.migrator(kb(1), global(2), kb(3));
        MigrationFailedException error = failureOf(migrator);
        assertThat(error).hasMessageContaining("bad global data");
        assertThat(error.report().currentVersion()).isZero();
        assertThat(fleet.version("kb-0")).isEqualTo(1);
        assertThat(failureOf(migrator).report().globalFailure()).isPresent();
        assertThat(attempts).hasValue(2);
        assertThat(fleet.ran).noneMatch(part -> part.startsWith("3/"));
    }

    @Test
    void aRunReportsAGlobalPartThatFailsElsewhere() {
        failing.add("2/");
        Migrator background = fleet.migrator(
                builder -> builder.backoff(Duration.ofMillis(1), Duration.ofMillis(50)), kb(1), global(2));
        background.start();
        MemoryFleet.await().until(() -> attempts.get() > 1);
        assertThat(failureOf(fleet.migrator(kb(1), global(2))).report().globalFailure())
                .hasValueSatisfying(failure -> assertThat(failure).contains("bad global data"));
    }

    @Test
    void theTargetIsExtendedWhileUnfinished() {
        failing.add("1/kb-7");
        failureOf(fleet.migrator(kb(1)));
        fleet.ran.clear();
        failureOf(fleet.migrator(kb(1), kb(2), kb(3)));
        assertThat(fleet.ran).as("the others go on to the new versions").hasSize(38);
        failing.clear();
        assertThat(fleet.migrator(kb(1), kb(2), kb(3)).run().currentVersion()).isEqualTo(3);
        assertThat(fleet.version("kb-7")).isEqualTo(3);
    }

    @Test
    void aKbThatTheHostHasDeletedInTheMiddleIsDroppedNotFailed() {
        KnowledgeBoxes host = new KnowledgeBoxes() {
            @Override
            public Stream<String> ids() {
                return fleet.kbs.stream();
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                return kbIds.stream().filter(fleet.kbs::contains).toList();
            }
        };
        KbMigration deleting = KbMigration.of(1, "delete", (context, kbId) -> {
            if (kbId.equals("kb-7")) {
                fleet.kbs.remove(kbId);
                throw new IllegalStateException("its data is gone");
            }
        });
        RunReport report = fleet.migrator(builder -> builder.knowledgeBoxes(host), deleting, fleet.recordingGlobal(2))
                .run();
        assertThat(report.currentVersion()).isEqualTo(2);
        assertThat(report.kbMigrations()).isEqualTo(19);
        assertThat(fleet.version("kb-7")).isEqualTo(-1);
    }

    @Test
    void aKbThatIsForgottenWhileItRunsIsDroppedHoweverItEnds() {
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        Migrator[] migrator = new Migrator[1];
        KbMigration forgetting = KbMigration.of(1, "forget", (context, kbId) -> {
            switch (kbId) {
                case "kb-1" -> migrator[0].forgetKb(kbId);
                case "kb-2" -> {
                    migrator[0].forgetKb(kbId);
                    throw new IllegalStateException("its data is gone");
                }
                case "kb-3" -> {
                    migrator[0].forgetKb(kbId);
                    context.saveCheckpoint("too late");
                }
                default -> {}
            }
        });
        migrator[0] = fleet.migrator(
                builder -> builder.listener(new MigratorListener() {
                    @Override
                    public void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {
                        told.add(kbId);
                    }
                }),
                forgetting,
                fleet.recordingGlobal(2));
        RunReport report = migrator[0].run();
        assertThat(report.currentVersion()).isEqualTo(2);
        assertThat(report.kbMigrations()).isEqualTo(17);
        assertThat(told).isEmpty();
        assertThat(fleet.memory.find(List.of("kb-1", "kb-2", "kb-3"))).isEmpty();
    }

    @Test
    void whatFailsWhileOthersRunIsRetriedWithoutWaitingForThem() throws InterruptedException {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger failures = new AtomicInteger();
        Migrator migrator = fleet.migrator(
                builder -> builder.backoff(Duration.ofMillis(1), Duration.ofMillis(20)),
                KbMigration.of(1, "slow", (context, kbId) -> {
                    if (kbId.equals("kb-1")) {
                        release.await();
                    } else if (kbId.equals("kb-2") && failures.incrementAndGet() < 4) {
                        throw new IllegalStateException("not yet");
                    }
                }));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.version("kb-2") == 1);
        assertThat(fleet.version("kb-1")).isZero();
        release.countDown();
    }
}
