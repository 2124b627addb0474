package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How often a run goes through the host's list. */
class RunListingTest {

    private static final long LISTING_NANOS = 5_000_000;

    private final MemoryStateStore store = MemoryStateStore.create();
    private final AtomicInteger listings = new AtomicInteger();

    @Test
    @Timeout(30)
    void aRunEndsThoughListingTakesLongerThanItsInterval() {
        runOnce();
        listings.set(0);
        runOnce();
        assertThat(listings).hasValue(1);
    }

    private void runOnce() {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", (context, kbId) -> {})))
                .storage(store, MemoryLock.create())
                .knowledgeBoxes(this::list)
                .listingInterval(Duration.ofMillis(1))
                .build()) {
            assertThat(migrator.run().currentVersion()).isEqualTo(1);
        }
    }

    private Stream<String> list() {
        listings.incrementAndGet();
        long end = System.nanoTime() + LISTING_NANOS;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        return Stream.of("kb");
    }
}
