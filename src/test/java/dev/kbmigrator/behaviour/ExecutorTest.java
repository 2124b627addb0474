package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class ExecutorTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(300);

    private final Set<String> threads = ConcurrentHashMap.newKeySet();

    private final KbMigration whereItRuns = KbMigration.of(
            1, "thread", (context, kbId) -> threads.add(Thread.currentThread().getName()));

    @Test
    void theHostsExecutorIsUsedAndNotShutDown() {
        ExecutorService pool = Executors.newCachedThreadPool(body -> new Thread(body, "host-thread"));
        try {
            Migrator migrator =
                    fleet.migrator(builder -> builder.executor(pool), whereItRuns, fleet.recordingGlobal(2));
            migrator.run();
            migrator.close();
            assertThat(threads).containsExactly("host-thread");
            assertThat(pool.isShutdown()).isFalse();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void anExecutorThatRunsInTheCallersThreadWorksOneByOne() {
        Migrator migrator = fleet.migrator(
                builder -> builder.executor(Runnable::run), whereItRuns, fleet.recordingGlobal(2), fleet.recording(3));
        assertThat(migrator.run().currentVersion()).isEqualTo(3);
        assertThat(fleet.ran).hasSize(301);
    }

    @Test
    void anExecutorWithOneThreadIsEnough() {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            Migrator migrator = fleet.migrator(
                    builder -> builder.executor(pool), whereItRuns, fleet.recordingGlobal(2), fleet.recording(3));
            assertThat(migrator.run().currentVersion()).isEqualTo(3);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void anExecutorThatRejectsNowAndThenLosesNothing() {
        ExecutorService pool = Executors.newCachedThreadPool();
        AtomicInteger asked = new AtomicInteger();
        try {
            Migrator migrator = fleet.migrator(
                    builder -> builder.executor(body -> {
                        if (asked.incrementAndGet() <= 3) {
                            throw new RejectedExecutionException("full");
                        }
                        pool.execute(body);
                    }),
                    fleet.recording(1),
                    fleet.recordingGlobal(2));
            assertThat(migrator.run().currentVersion()).isEqualTo(2);
            assertThat(fleet.ran).hasSize(301).doesNotHaveDuplicates();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void anExecutorThatThrowsSomethingElseLosesNothing() {
        ExecutorService pool = Executors.newCachedThreadPool();
        AtomicInteger asked = new AtomicInteger();
        try {
            Migrator migrator = fleet.migrator(
                    builder -> builder.executor(body -> {
                        if (asked.incrementAndGet() == 1) {
                            throw new IllegalStateException("of the host's own making");
                        }
                        pool.execute(body);
                    }),
                    fleet.recording(1));
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
            assertThat(fleet.ran).hasSize(300).doesNotHaveDuplicates();
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void aRunGivesUpOnAnExecutorThatTakesNothing() {
        ExecutorService pool = Executors.newCachedThreadPool();
        pool.shutdown();
        Migrator migrator =
                fleet.migrator(builder -> builder.executor(pool).leaseTtl(Duration.ofMillis(200)), fleet.recording(1));
        assertThatThrownBy(migrator::run).isInstanceOf(MigratorException.class).hasMessageContaining("executor");
        assertThat(fleet.ran).isEmpty();
        assertThat(pool.isShutdown()).isTrue();
    }
}
