package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.Gone;
import dev.kbmigrator.spi.WriteResult.Stale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Writes of KBs: compare-and-set, never an upsert. */
@Checks(Rule.VERSIONS)
interface WriteContract extends StoreFixture {

    @Test
    default void aVersionAdvancesByCompareAndSet() {
        kbs().enroll(0, "kb");
        kbs().advance("kb", 0, 1);
        assertThat(new StoreDriver(other()).version("kb"))
                .as("the version, as the second handle reads it")
                .isEqualTo(1);
        kbs().advance("kb", 1, 17);
        assertThat(kbs().version("kb"))
                .as("the version after the second advance")
                .isEqualTo(17);
    }

    @Test
    default void aWriteFromAnotherVersionAnswersTheStoredOneAndChangesNothing() {
        kbs().enroll(5, "kb");
        for (KbWrite write : List.of(
                kbs().advanced("kb", 4, 5),
                kbs().advanced("kb", 4, 6),
                kbs().advanced("kb", 6, 7),
                kbs().advanced("kb", 0, 5),
                kbs().failed("kb", 4, 5, 1, "boom", Duration.ZERO),
                kbs().failed("kb", 6, 7, 1, "boom", null),
                kbs().checkpointed("kb", 4, 5, "1"),
                kbs().checkpointed("kb", 6, 7, "1"))) {
            WriteResult result = kbs().write(write);
            assertThat(result.staleScopes()).as("%s", write).isEmpty();
            assertThat(result.exceptions())
                    .as("%s", write)
                    .containsOnlyKeys("kb")
                    .containsValue(new Stale(5));
            assertThat(kbs().version("kb")).as("%s", write).isEqualTo(5);
            assertThat(kbs().recordOf("kb")).as("%s", write).isNull();
        }
    }

    /** As a double, the first two are the same number. */
    @Test
    default void versionsAreIntegersOf64Bits() {
        String rule = "versions are 64-bit integers, not doubles: 2^53 is not 2^53 + 1";
        long even = 1L << 53;
        long odd = even + 1;
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 2);
        kbs().enroll(even, kbIds.get(0));
        kbs().enroll(odd, kbIds.get(1));
        assertThat(kbs().version(kbIds.get(0))).as(rule).isEqualTo(even);
        assertThat(kbs().version(kbIds.get(1))).as(rule).isEqualTo(odd);
        assertThat(kbs().write(kbs().advanced(kbIds.get(0), odd, odd + 1)).exceptions())
                .as(rule)
                .containsEntry(kbIds.get(0), new Stale(even));
        assertThat(kbs().write(kbs().advanced(kbIds.get(1), even, odd + 1)).exceptions())
                .as(rule)
                .containsEntry(kbIds.get(1), new Stale(odd));
        assertThat(kbs().write(kbs().failed(kbIds.get(1), even, odd, 1, "boom", null))
                        .exceptions())
                .as(rule)
                .containsEntry(kbIds.get(1), new Stale(odd));
        assertThat(store().count(odd)).as(rule).isEqualTo(1);
        assertThat(kbs().pass(StoreDriver.due(odd, DueFilter.BY_THE_CLOCK, 10)))
                .as(rule)
                .extracting(KbState::kbId)
                .containsExactly(kbIds.get(0));
        assertThat(kbs().raise(9, odd)).as(rule).isEmpty();
        kbs().advance(kbIds.get(0), even, odd);
        assertThat(kbs().version(kbIds.get(0))).as(rule).isEqualTo(odd);
        assertThat(kbs().raise(9, odd)).as(rule).containsExactly(9);
        assertThat(kbs().floor(9)).as(rule).isEqualTo(odd);
        kbs().done(kbs().failed(kbIds.get(0), odd, odd + 1, 1, "boom", null));
        assertThat(kbs().recorded(kbIds.get(0)).version()).as(rule).isEqualTo(odd + 1);
    }

    @Test
    default void theSameAdvanceSucceedsOnce() {
        kbs().enroll(0, "kb");
        kbs().advance("kb", 0, 1);
        assertThat(kbs().write(kbs().advanced("kb", 0, 1)).exceptions())
                .as("the result of the same advance again")
                .containsEntry("kb", new Stale(1));
    }

    @Test
    default void nothingIsEverUpserted() {
        for (KbWrite write : List.of(
                kbs().advanced("kb", 0, 1),
                kbs().failed("kb", 0, 1, 1, "boom", Duration.ZERO),
                kbs().checkpointed("kb", 0, 1, "1"))) {
            assertThat(kbs().write(write).exceptions()).as("%s", write).containsEntry("kb", new Gone());
            assertThat(store().find(List.of("kb"))).as("%s", write).isEmpty();
        }
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs after writes to KBs that are not enrolled")
                .isZero();
    }

    @Test
    default void aBatchAnswersForEachKbAndDoesTheOthers() {
        kbs().enroll(0, "done", "failed", "saved");
        kbs().enroll(3, "stale", "stale too");
        WriteResult result = kbs().write(
                        kbs().advanced("stale", 0, 1),
                        kbs().advanced("done", 0, 1),
                        kbs().advanced("gone", 0, 1),
                        kbs().failed("failed", 0, 1, 1, "boom", Duration.ofHours(1)),
                        kbs().failed("gone too", 0, 1, 1, "boom", Duration.ofHours(1)),
                        kbs().checkpointed("saved", 0, 1, "1"),
                        kbs().checkpointed("stale too", 2, 3, "1"));
        assertThat(result.staleScopes())
                .as("the stale scopes of a batch under the newest epochs")
                .isEmpty();
        assertThat(result.exceptions())
                .as("why KBs of a mixed batch were not written")
                .containsOnlyKeys("stale", "stale too", "gone", "gone too")
                .containsEntry("stale", new Stale(3))
                .containsEntry("stale too", new Stale(3))
                .containsEntry("gone", new Gone())
                .containsEntry("gone too", new Gone());
        assertThat(kbs().version("done"))
                .as("the version of a KB that advanced in a mixed batch")
                .isEqualTo(1);
        assertThat(kbs().recorded("failed").failures())
                .as("the failures of a KB that failed in a mixed batch")
                .isEqualTo(1);
        assertThat(kbs().recorded("saved").checkpoint())
                .as("the checkpoint of a KB of a mixed batch")
                .isEqualTo("1");
    }

    @Test
    default void aBatchOfAdvancesAnswersForEachKbAndDoesTheOthers() {
        kbs().enroll(0, "done", "done too");
        kbs().enroll(1, "there");
        kbs().enroll(3, "stale");
        WriteResult result = kbs().write(
                        kbs().advanced("stale", 0, 1),
                        kbs().advanced("done", 0, 1),
                        kbs().advanced("gone", 0, 1),
                        kbs().advanced("there", 0, 1),
                        kbs().advanced("done too", 0, 1));
        assertThat(result.staleScopes())
                .as("the stale scopes of a batch under the newest epochs")
                .isEmpty();
        assertThat(result.exceptions())
                .as("why KBs of a batch of advances were not written")
                .containsOnlyKeys("stale", "there", "gone")
                .containsEntry("stale", new Stale(3))
                .containsEntry("there", new Stale(1))
                .containsEntry("gone", new Gone());
        assertThat(kbs().version("done"))
                .as("the version of a KB that advanced")
                .isEqualTo(1);
        assertThat(kbs().version("done too"))
                .as("the version of a KB that advanced")
                .isEqualTo(1);
        assertThat(kbs().version("there"))
                .as("the version of a KB that was at the new version before")
                .isEqualTo(1);
        assertThat(kbs().version("stale"))
                .as("the version of a KB that was at a higher version")
                .isEqualTo(3);
    }

    @Test
    default void aFullBatchOfEveryKindIsWritten() {
        int size = Math.min(store().maxBatch(), 1_024);
        assertThat(size).as("the size of a batch").isPositive();
        List<String> kbIds = new ArrayList<>(StoreDriver.ids("kb-", size));
        kbs().enroll(0, kbIds);
        Collection<Epoch> epochs = kbs().open(kbIds);
        Collections.shuffle(kbIds, new Random(1));
        List<KbWrite> writes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            writes.add(written(kbIds.get(i), i));
        }
        assertThat(store().write(epochs, writes))
                .as("the result of a full batch that has nothing in its way")
                .isEqualTo(WriteResult.ALL_DONE);
        for (int i = 0; i < Math.min(size, 60); i++) {
            String kbId = kbIds.get(i);
            assertThat(kbs().version(kbId))
                    .as("the version of KB %s, write %s of a full batch", kbId, i)
                    .isEqualTo(i % 3 == 0 ? 1 : 0);
            assertThat(kbs().recordOf(kbId) == null)
                    .as("whether KB %s has no record, write %s of a full batch", kbId, i)
                    .isEqualTo(i % 3 == 0);
        }
        assertThat(store().count(1))
                .as("the number of KBs that did not advance in a full batch")
                .isEqualTo(size - (size + 2) / 3);
    }

    private KbWrite written(String kbId, int i) {
        return switch (i % 3) {
            case 0 -> kbs().advanced(kbId, 0, 1);
            case 1 -> kbs().failed(kbId, 0, 1, 1, "failure " + i, Duration.ofMinutes(i));
            default -> kbs().checkpointed(kbId, 0, 1, "" + i);
        };
    }
}
