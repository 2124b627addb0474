package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Epoch;
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
interface WriteContract extends StoreFixture {

    @Test
    default void aVersionAdvancesByCompareAndSet() {
        kbs().enroll(0, "kb");
        kbs().advance("kb", 0, 1);
        assertThat(new StoreDriver(other()).version("kb")).isEqualTo(1);
        kbs().advance("kb", 1, 17);
        assertThat(kbs().version("kb")).isEqualTo(17);
    }

    @Test
    default void aWriteFromAnotherVersionAnswersTheStoredOneAndChangesNothing() {
        kbs().enroll(5, "kb");
        for (KbWrite write : List.of(
                new KbWrite.Advanced("kb", 4, 5),
                new KbWrite.Advanced("kb", 4, 6),
                new KbWrite.Advanced("kb", 6, 7),
                new KbWrite.Advanced("kb", 0, 5),
                new KbWrite.Failed("kb", 4, 5, 1, "boom", Duration.ZERO),
                new KbWrite.Failed("kb", 6, 7, 1, "boom", null),
                new KbWrite.Checkpointed("kb", 4, 5, "1"),
                new KbWrite.Checkpointed("kb", 6, 7, "1"))) {
            WriteResult result = kbs().write(write);
            assertThat(result.refused()).as("%s", write).isFalse();
            assertThat(result.exceptions())
                    .as("%s", write)
                    .containsOnlyKeys("kb")
                    .containsValue(new Stale(5));
            assertThat(kbs().version("kb")).as("%s", write).isEqualTo(5);
            assertThat(kbs().recordOf("kb")).as("%s", write).isNull();
        }
    }

    @Test
    default void theSameAdvanceSucceedsOnce() {
        kbs().enroll(0, "kb");
        kbs().advance("kb", 0, 1);
        assertThat(kbs().write(new KbWrite.Advanced("kb", 0, 1)).exceptions()).containsEntry("kb", new Stale(1));
    }

    @Test
    default void nothingIsEverUpserted() {
        for (KbWrite write : List.of(
                new KbWrite.Advanced("kb", 0, 1),
                new KbWrite.Failed("kb", 0, 1, 1, "boom", Duration.ZERO),
                new KbWrite.Checkpointed("kb", 0, 1, "1"))) {
            assertThat(kbs().write(write).exceptions()).as("%s", write).containsEntry("kb", new Gone());
            assertThat(store().find(List.of("kb"))).as("%s", write).isEmpty();
        }
        assertThat(store().count(Long.MAX_VALUE)).isZero();
    }

    @Test
    default void aBatchAnswersForEachKbAndDoesTheOthers() {
        kbs().enroll(0, "done", "failed", "saved");
        kbs().enroll(3, "stale", "stale too");
        WriteResult result = kbs().write(
                        new KbWrite.Advanced("stale", 0, 1),
                        new KbWrite.Advanced("done", 0, 1),
                        new KbWrite.Advanced("gone", 0, 1),
                        new KbWrite.Failed("failed", 0, 1, 1, "boom", Duration.ofHours(1)),
                        new KbWrite.Failed("gone too", 0, 1, 1, "boom", Duration.ofHours(1)),
                        new KbWrite.Checkpointed("saved", 0, 1, "1"),
                        new KbWrite.Checkpointed("stale too", 2, 3, "1"));
        assertThat(result.staleScopes()).isEmpty();
        assertThat(result.exceptions())
                .hasSize(4)
                .containsEntry("stale", new Stale(3))
                .containsEntry("stale too", new Stale(3))
                .containsEntry("gone", new Gone())
                .containsEntry("gone too", new Gone());
        assertThat(kbs().version("done")).isEqualTo(1);
        assertThat(kbs().recorded("failed").failures()).isEqualTo(1);
        assertThat(kbs().recorded("saved").checkpoint()).isEqualTo("1");
    }

    @Test
    default void aBatchOfAdvancesAnswersForEachKbAndDoesTheOthers() {
        kbs().enroll(0, "done", "done too");
        kbs().enroll(1, "there");
        kbs().enroll(3, "stale");
        WriteResult result = kbs().write(
                        new KbWrite.Advanced("stale", 0, 1),
                        new KbWrite.Advanced("done", 0, 1),
                        new KbWrite.Advanced("gone", 0, 1),
                        new KbWrite.Advanced("there", 0, 1),
                        new KbWrite.Advanced("done too", 0, 1));
        assertThat(result.staleScopes()).isEmpty();
        assertThat(result.exceptions())
                .hasSize(3)
                .containsEntry("stale", new Stale(3))
                .containsEntry("there", new Stale(1))
                .containsEntry("gone", new Gone());
        assertThat(kbs().version("done")).isEqualTo(1);
        assertThat(kbs().version("done too")).isEqualTo(1);
        assertThat(kbs().version("there")).isEqualTo(1);
        assertThat(kbs().version("stale")).isEqualTo(3);
    }

    @Test
    default void aFullBatchOfEveryKindIsWritten() {
        int size = Math.min(store().maxBatch(), 1_024);
        assertThat(size).isPositive();
        List<String> kbIds = new ArrayList<>(StoreDriver.ids("kb-", size));
        kbs().enroll(0, kbIds);
        Collection<Epoch> epochs = kbs().open(kbIds);
        Collections.shuffle(kbIds, new Random(1));
        List<KbWrite> writes = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            writes.add(written(kbIds.get(i), i));
        }
        assertThat(store().write(epochs, writes)).isEqualTo(WriteResult.ALL_DONE);
        for (int i = 0; i < Math.min(size, 60); i++) {
            String kbId = kbIds.get(i);
            assertThat(kbs().version(kbId)).isEqualTo(i % 3 == 0 ? 1 : 0);
            assertThat(kbs().recordOf(kbId) == null).isEqualTo(i % 3 == 0);
        }
        assertThat(store().count(1)).isEqualTo(size - (size + 2) / 3);
    }

    private static KbWrite written(String kbId, int i) {
        return switch (i % 3) {
            case 0 -> new KbWrite.Advanced(kbId, 0, 1);
            case 1 -> new KbWrite.Failed(kbId, 0, 1, 1, "failure " + i, Duration.ofMinutes(i));
            default -> new KbWrite.Checkpointed(kbId, 0, 1, "" + i);
        };
    }
}
