package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The store's clock goes back by a day. */
@Timeout(20)
class StoreClockTest {

    private static final Duration DAY_BACK = Duration.ofDays(-1);

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(5);

    @Test
    void theListIsReadAgainAtOnce() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.version("kb-0") == 1);
        fleet.advance(DAY_BACK);
        fleet.kbs.add("new");
        MemoryFleet.await().until(() -> fleet.version("new") == 1);
    }

    @Test
    void anOldListingDoesNotCountAsFresh() {
        fleet.migrator(fleet.recording(1)).run();
        fleet.advance(DAY_BACK);
        fleet.kbs.add("new");
        fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2)).run();
        assertThat(fleet.ran).endsWith("1/new", "2/");
    }

    @Test
    void whatFailedBeforeIsTriedAgainAtOnce() {
        AtomicBoolean broken = new AtomicBoolean(true);
        Migrator migrator = fleet.migrator(
                KbMigration.of(1, "fail", (context, kbId) -> {
                    if (broken.get()) {
                        throw new IllegalStateException("bad data");
                    }
                }),
                GlobalMigration.of(2, "global", context -> fleet.ran.add("2/")));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.kbs.stream().allMatch(kb -> fleet.failures(kb) > 0));
        fleet.advance(DAY_BACK);
        broken.set(false);
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
    }

    @Test
    void aGlobalPartThatFailedBeforeIsTriedAgainAtOnce() {
        AtomicBoolean broken = new AtomicBoolean(true);
        Migrator migrator = fleet.migrator(GlobalMigration.of(1, "global", context -> {
            if (broken.getAndSet(false)) {
                throw new IllegalStateException("bad data");
            }
        }));
        fleet.storeCalls.calls.clear();
        migrator.start();
        MemoryFleet.await().until(() -> !broken.get());
        fleet.advance(DAY_BACK);
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
    }
}
