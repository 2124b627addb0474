package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The main job, over the reference implementations. */
class MigratorTest {

    private final MemoryStateStore store = MemoryStateStore.create();
    private final MemoryLock lock = MemoryLock.create();
    private final List<String> kbs = new java.util.concurrent.CopyOnWriteArrayList<>(
            IntStream.range(0, 1_000).mapToObj(i -> "kb-" + i).toList());
    private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<String> globals = new ConcurrentLinkedQueue<>();

    private Migrator migrator(Migration... migrations) {
        return Migrator.builder()
                .migrations(Migrations.of(migrations))
                .storage(store, lock)
                .knowledgeBoxes(kbs::stream)
                .lookInterval(Duration.ofMillis(50), Duration.ofMillis(100))
                .build();
    }

    private KbMigration counting(long version) {
        return KbMigration.of(
                version,
                "count_" + version,
                (context, kbId) -> runs.computeIfAbsent(version + "/" + kbId, key -> new AtomicInteger())
                        .incrementAndGet());
    }

    @Test
    void everyKbRunsEveryMigrationOnceAndGlobalPartsRunInOrder() {
        Migrator migrator = migrator(
                counting(1), counting(2), GlobalMigration.of(3, "totals", context -> globals.add("3")), counting(4));
        RunReport report = migrator.run();
        assertThat(report.currentVersion()).isEqualTo(4);
        assertThat(report.kbMigrations()).isEqualTo(3_000);
        assertThat(report.globalMigrations()).containsExactly(3L);
        assertThat(runs)
                .hasSize(3_000)
                .allSatisfy((key, count) -> assertThat(count).hasValue(1));
        assertThat(migrator.run().kbMigrations()).isZero();
        migrator.close();
    }

    @Test
    void aFailingKbStopsNoOther() {
        kbs.add("bad");
        KbMigration failing = KbMigration.of(1, "fail", (context, kbId) -> {
            if (kbId.equals("bad")) {
                throw new IllegalStateException("broken data");
            }
        });
        Migrator migrator = migrator(failing);
        assertThatThrownBy(migrator::run).isInstanceOfSatisfying(MigrationFailedException.class, e -> {
            assertThat(e.report().kbMigrations()).isEqualTo(1_000);
            assertThat(e.report().failures()).singleElement().satisfies(failure -> {
                assertThat(failure.kbId()).isEqualTo("bad");
                assertThat(failure.error()).contains("broken data");
            });
        });
        assertThat(migrator.dryRun().kbsToMigrate()).isEqualTo(1);
        migrator.close();
    }

    @Test
    void replicasShareTheWork() {
        List<Migrator> replicas = Stream.generate(() -> migrator(counting(1), counting(2)))
                .limit(3)
                .toList();
        replicas.forEach(Migrator::start);
        org.awaitility.Awaitility.await()
                .untilAsserted(() ->
                        assertThat(replicas.get(0).status().currentVersion()).isEqualTo(2));
        assertThat(runs)
                .hasSize(2_000)
                .allSatisfy((key, count) -> assertThat(count).hasValue(1));
        replicas.forEach(Migrator::close);
        assertThat(store.documents("history/")).hasSize(2);
    }

    @Test
    void oneRequestThatEndsLeavesTheOthersTheirHelp() {
        kbs.clear();
        CountDownLatch slowIsAtWork = new CountDownLatch(1);
        CountDownLatch quickHasEnded = new CountDownLatch(1);
        AtomicInteger slowRuns = new AtomicInteger();
        Migrator migrator = migrator(KbMigration.of(1, "wait", (context, kbId) -> {
            if (kbId.equals("quick")) {
                slowIsAtWork.await();
            } else {
                slowRuns.incrementAndGet();
                slowIsAtWork.countDown();
                quickHasEnded.await();
            }
        }));
        migrator.run();
        kbs.addAll(List.of("quick", "slow"));
        Executor ownThread = call -> new Thread(call).start();
        CompletableFuture<Long> quick = CompletableFuture.supplyAsync(() -> migrator.migrateKb("quick"), ownThread);
        CompletableFuture<Long> slow = CompletableFuture.supplyAsync(() -> migrator.migrateKb("slow"), ownThread);
        assertThat(quick).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(1L);
        quickHasEnded.countDown();
        assertThat(slow).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(1L);
        assertThat(slowRuns).hasValue(1);
        migrator.close();
    }
}
