package dev.kbmigrator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How often a run goes through the host's list. */
class RunListingTest {

    @Test
    @Timeout(30)
    void aRunEndsThoughTheListTakesLongerThanTheTimeBetweenTwoListings() {
        AtomicInteger listings = new AtomicInteger();
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(KbMigration.of(1, "one", (context, kbId) -> {})))
                .stateStore(MemoryStateStore.create())
                .lock(MemoryLock.create())
                .knowledgeBoxes(() -> {
                    listings.incrementAndGet();
                    return Stream.of("kb");
                })
                .listingInterval(Duration.ofMillis(1))
                .build()) {
            assertThat(migrator.run().kbMigrations()).isEqualTo(1);
        }
        assertThat(listings).hasValueBetween(1, 2);
    }
}
