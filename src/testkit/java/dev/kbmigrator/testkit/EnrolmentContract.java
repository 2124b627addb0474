package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Enrolling, finding, counting and removing KBs. */
interface EnrolmentContract extends StoreFixture {

    @Test
    default void anEmptyStoreKnowsNoKb() {
        assertThat(store().find(Set.of("kb"))).isEmpty();
        assertThat(store().count(Long.MAX_VALUE)).isZero();
        assertThat(kbs().listed(StoreDriver.all(Partitions.all(), 10))).isEmpty();
    }

    @Test
    default void anEnrolledKbIsAtItsVersionWithNothingOnRecord() {
        assertThat(store().enroll(List.of("kb"), 7)).containsExactly("kb");
        assertThat(store().find(List.of("kb")))
                .containsOnlyKeys("kb")
                .containsValue(new KbState("kb", kbs().incarnation("kb"), 7, null));
        assertThat(other().find(List.of("kb"))).containsOnlyKeys("kb");
    }

    @Test
    default void aVersionCanBeAsLargeAsATimestamp() {
        kbs().enroll(20_991_231_235_959_999L, "kb");
        kbs().advance("kb", 20_991_231_235_959_999L, Long.MAX_VALUE - 1);
        assertThat(kbs().version("kb")).isEqualTo(Long.MAX_VALUE - 1);
    }

    @Test
    default void onlyAbsentKbsAreEnrolledAndAnswered() {
        kbs().enroll(3, "a", "b");
        assertThat(store().enroll(List.of("a", "b", "c", "d"), 5)).containsExactlyInAnyOrder("c", "d");
        assertThat(store().enroll(List.of("a", "b", "c", "d"), 5)).isEmpty();
        assertThat(kbs().version("a")).isEqualTo(3);
        assertThat(kbs().version("c")).isEqualTo(5);
    }

    @Test
    default void enrollingNeitherLowersNorRaises() {
        kbs().enroll(3, "kb");
        assertThat(store().enroll(List.of("kb"), 1)).isEmpty();
        assertThat(kbs().version("kb")).isEqualTo(3);
        assertThat(store().enroll(List.of("kb"), 9)).isEmpty();
        assertThat(kbs().version("kb")).isEqualTo(3);
    }

    @Test
    default void enrollingLeavesWhatIsOnRecord() {
        kbs().enroll(3, "kb");
        kbs().done(kbs().failed("kb", 3, 4, 2, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 3, 4, "\"here\""));
        KbRecord before = kbs().recorded("kb");
        assertThat(store().enroll(List.of("kb"), 3)).isEmpty();
        assertThat(kbs().recordOf("kb")).isEqualTo(before);
    }

    @Test
    default void duplicatesCountOnce() {
        assertThat(store().enroll(List.of("kb", "kb", "other", "kb"), 0)).containsExactlyInAnyOrder("kb", "other");
        assertThat(store().count(Long.MAX_VALUE)).isEqualTo(2);
    }

    @Test
    default void nothingToDoIsNoError() {
        assertThat(store().enroll(List.of(), 1)).isEmpty();
        assertThat(store().find(List.of())).isEmpty();
        store().remove(List.of());
        assertThat(store().count(Long.MAX_VALUE)).isZero();
    }

    @Test
    default void manyThousandsAreEnrolledFoundAndRemovedInOneCall() {
        List<String> kbIds = StoreDriver.ids("many-", 5_000);
        List<String> twice = new ArrayList<>(kbIds);
        twice.addAll(kbIds);
        kbs().enroll(1, kbIds.subList(0, 10));
        assertThat(store().enroll(twice, 2))
                .hasSize(4_990)
                .containsExactlyInAnyOrderElementsOf(kbIds.subList(10, 5_000));
        assertThat(store().find(twice)).hasSize(5_000);
        assertThat(store().count(2)).isEqualTo(10);
        store().remove(kbIds.subList(0, 4_999));
        assertThat(store().find(kbIds)).containsOnlyKeys("many-4999");
    }

    @Test
    default void findAnswersOnlyWhatIsEnrolled() {
        kbs().enroll(1, "a", "b", "c");
        assertThat(store().find(List.of("a", "c", "nobody", "a"))).containsOnlyKeys("a", "c");
    }

    @Test
    default void countTellsHowManyAreBelowAVersion() {
        kbs().enroll(0, StoreDriver.ids("zero-", 5));
        kbs().enroll(1, StoreDriver.ids("one-", 7));
        kbs().enroll(2, StoreDriver.ids("two-", 11));
        kbs().done(kbs().failed("zero-0", 0, 1, 1, "boom", null));
        assertThat(store().count(0)).isZero();
        assertThat(store().count(1)).isEqualTo(5);
        assertThat(store().count(2)).isEqualTo(12);
        assertThat(store().count(3)).isEqualTo(23);
        assertThat(store().count(Long.MAX_VALUE)).isEqualTo(23);
    }

    @Test
    default void aRemovedKbIsForgottenWithAllThatIsOnRecord() {
        kbs().enroll(0, "kb", "other");
        kbs().done(kbs().failed("kb", 0, 1, 3, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        store().remove(List.of("kb", "nobody"));
        assertThat(store().find(List.of("kb", "other"))).containsOnlyKeys("other");
        assertThat(store().count(Long.MAX_VALUE)).isEqualTo(1);
        assertThat(kbs().listed(StoreDriver.all(Partitions.all(), 10))).containsExactly("other");
        assertThat(kbs().look().recordCounts()).isEmpty();
        store().remove(List.of("kb"));
    }

    @Test
    default void aRemovedKbNeverComesBackThroughAWrite() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        List<KbWrite> late = List.of(
                kbs().advanced("kb", 0, 1),
                kbs().failed("kb", 0, 1, 1, "boom", Duration.ZERO),
                kbs().failed("kb", 0, 1, 1, "boom", null),
                kbs().checkpointed("kb", 0, 1, "2"));
        store().remove(List.of("kb"));
        for (KbWrite write : late) {
            WriteResult result = kbs().write(write);
            assertThat(result.staleScopes()).as("%s", write).isEmpty();
            assertThat(result.exceptions())
                    .as("%s", write)
                    .containsOnlyKeys("kb")
                    .containsValue(new WriteResult.Gone());
            assertThat(store().find(List.of("kb"))).as("%s", write).isEmpty();
            assertThat(store().count(Long.MAX_VALUE)).as("%s", write).isZero();
            assertThat(kbs().look().recordCounts()).as("%s", write).isEmpty();
        }
        kbs().enroll(0, "kb");
        assertThat(kbs().recordOf("kb"))
                .as("the record that a write may have left behind")
                .isNull();
    }

    @Test
    default void aKbThatIsEnrolledAgainStartsAnew() {
        kbs().enroll(0, "kb");
        kbs().advance("kb", 0, 4);
        kbs().done(kbs().failed("kb", 4, 5, 3, "boom", null));
        kbs().done(kbs().checkpointed("kb", 4, 5, "1"));
        store().remove(List.of("kb"));
        kbs().enroll(2, "kb");
        assertThat(kbs().state("kb")).isEqualTo(new KbState("kb", kbs().incarnation("kb"), 2, null));
    }
}
