package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class LooksTest {

    private static final Duration SLOW = Duration.ofMillis(20);

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    private final List<Long> startedAt = new CopyOnWriteArrayList<>();
    private final AtomicBoolean slow = new AtomicBoolean();

    /** Takes its time, as a store does that has very many failing KBs to count. */
    private void lookSlowly(String call) {
        if (call.equals("look")) {
            startedAt.add(System.nanoTime());
            if (slow.get()) {
                try {
                    assertThat(new CountDownLatch(1).await(SLOW.toMillis(), TimeUnit.MILLISECONDS))
                            .isFalse();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Test
    void looksTakeAtMostATenthOfTheTime() {
        Migrator migrator = fleet.migrator(
                builder -> builder.lookInterval(Duration.ofMillis(1), Duration.ofMillis(1)), fleet.recording(1));
        migrator.run();
        slow.set(true);
        fleet.storeCalls.onCall = this::lookSlowly;
        migrator.start();
        MemoryFleet.await().until(() -> startedAt.size() >= 5);
        for (int i = 3; i < startedAt.size(); i++) {
            assertThat(Duration.ofNanos(startedAt.get(i) - startedAt.get(i - 1)))
                    .isGreaterThan(SLOW.multipliedBy(10));
        }
    }

    @Test
    void quickLooksComeAsOftenAsTheyAreAskedFor() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        fleet.storeCalls.onCall = this::lookSlowly;
        migrator.start();
        MemoryFleet.await().atMost(Duration.ofSeconds(5)).until(() -> startedAt.size() >= 10);
    }

    @Test
    void whenOthersHoldWhatIsDueALookComesInBetween() {
        Duration usual = Duration.ofMillis(400);
        IntStream.range(0, Partitions.COUNT)
                .forEach(partition ->
                        fleet.lock.tryAcquire(String.format("partition-%03d", partition), Duration.ofMinutes(1)));
        Migrator migrator = fleet.migrator(builder -> builder.lookInterval(usual, usual), fleet.recording(1));
        fleet.storeCalls.onCall = call -> {
            // The coordinator, at its barrier, looks too
            if (Thread.currentThread().getName().equals("kb-migrator")) {
                lookSlowly(call);
            }
        };
        migrator.start();
        MemoryFleet.await().until(() -> startedAt.size() >= 15);
        // The first come sooner anyhow, because of what changes
        List<Long> waits = IntStream.range(10, 15)
                .mapToObj(i -> startedAt.get(i) - startedAt.get(i - 1))
                .sorted()
                .toList();
        assertThat(Duration.ofNanos(waits.get(2)))
                .isLessThan(usual.multipliedBy(3).dividedBy(4));
    }

    @Test
    void aRunThatFindsNothingToDoLooksOnceAndInTheCallersThread() {
        fleet.migrator(fleet.recording(1)).run();
        List<String> calls = new CopyOnWriteArrayList<>();
        fleet.storeCalls.onCall =
                call -> calls.add(call + " by " + Thread.currentThread().getName());
        fleet.migrator(fleet.recording(1)).run();
        assertThat(calls).containsExactly("look by " + Thread.currentThread().getName());
    }

    @Test
    void aCallerWhoIsInterruptedAsksTheStoreNothing() {
        Thread caller = Thread.currentThread();
        fleet.storeCalls.onCall =
                call -> assertThat(Thread.currentThread()).as(call).isNotSameAs(caller);
        Migrator migrator = fleet.migrator(fleet.recording(1));
        caller.interrupt();
        try {
            assertThatThrownBy(migrator::run)
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining("interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
