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
@Checks(Rule.VERSIONS)
interface EnrolmentContract extends StoreFixture {

    @Test
    default void anEmptyStoreKnowsNoKb() {
        assertThat(store().find(Set.of("kb"))).as("KBs found in an empty store").isEmpty();
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs in an empty store")
                .isZero();
        assertThat(kbs().listed(StoreDriver.all(Partitions.all(), 10)))
                .as("KBs listed in an empty store")
                .isEmpty();
    }

    @Test
    default void anEnrolledKbIsAtItsVersionWithNothingOnRecord() {
        assertThat(store().enroll(List.of("kb"), 7))
                .as("the KBs that were newly enrolled")
                .containsExactly("kb");
        assertThat(store().find(List.of("kb")))
                .as("the KB as it was enrolled")
                .containsOnlyKeys("kb")
                .containsValue(new KbState("kb", kbs().incarnation("kb"), 7, null));
        assertThat(other().find(List.of("kb")))
                .as("the KB, as the second handle finds it")
                .containsOnlyKeys("kb");
    }

    @Test
    default void aVersionCanBeAsLargeAsATimestamp() {
        kbs().enroll(20_991_231_235_959_999L, "kb");
        kbs().advance("kb", 20_991_231_235_959_999L, Long.MAX_VALUE - 1);
        assertThat(kbs().version("kb"))
                .as("a version close to the largest number of 64 bits")
                .isEqualTo(Long.MAX_VALUE - 1);
    }

    @Test
    default void onlyAbsentKbsAreEnrolledAndAnswered() {
        kbs().enroll(3, "a", "b");
        assertThat(store().enroll(List.of("a", "b", "c", "d"), 5))
                .as("the KBs that were newly enrolled; a and b were enrolled before")
                .containsExactlyInAnyOrder("c", "d");
        assertThat(store().enroll(List.of("a", "b", "c", "d"), 5))
                .as("the KBs that were newly enrolled by the same call again")
                .isEmpty();
        assertThat(kbs().version("a"))
                .as("the version of a KB that was enrolled before")
                .isEqualTo(3);
        assertThat(kbs().version("c"))
                .as("the version of a KB that this call enrolled")
                .isEqualTo(5);
    }

    @Test
    default void enrollingNeitherLowersNorRaises() {
        kbs().enroll(3, "kb");
        assertThat(store().enroll(List.of("kb"), 1))
                .as("the KBs that were newly enrolled, although the only one was enrolled before")
                .isEmpty();
        assertThat(kbs().version("kb"))
                .as("the version after an enrolment at a lower one")
                .isEqualTo(3);
        assertThat(store().enroll(List.of("kb"), 9))
                .as("the KBs that were newly enrolled, although the only one was enrolled before")
                .isEmpty();
        assertThat(kbs().version("kb"))
                .as("the version after an enrolment at a higher one")
                .isEqualTo(3);
    }

    @Test
    default void enrollingLeavesWhatIsOnRecord() {
        kbs().enroll(3, "kb");
        kbs().done(kbs().failed("kb", 3, 4, 2, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 3, 4, "\"here\""));
        KbRecord before = kbs().recorded("kb");
        assertThat(store().enroll(List.of("kb"), 3))
                .as("the KBs that were newly enrolled, although the only one was enrolled before")
                .isEmpty();
        assertThat(kbs().recordOf("kb"))
                .as("the record after an enrolment of a KB that was enrolled before")
                .isEqualTo(before);
    }

    @Test
    default void duplicatesCountOnce() {
        assertThat(store().enroll(List.of("kb", "kb", "other", "kb"), 0))
                .as("the KBs that were newly enrolled, each once")
                .containsExactlyInAnyOrder("kb", "other");
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs after one call that names two, several times")
                .isEqualTo(2);
    }

    @Test
    default void nothingToDoIsNoError() {
        assertThat(store().enroll(List.of(), 1))
                .as("the KBs enrolled by a call without KBs")
                .isEmpty();
        assertThat(store().find(List.of()))
                .as("the KBs found by a call without KBs")
                .isEmpty();
        store().remove(List.of());
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs after calls without KBs")
                .isZero();
    }

    @Test
    @Checks(Rule.LISTS)
    default void manyThousandsAreEnrolledFoundAndRemovedInOneCall() {
        List<String> kbIds = StoreDriver.ids("many-", 5_000);
        List<String> twice = new ArrayList<>(kbIds);
        twice.addAll(kbIds);
        kbs().enroll(1, kbIds.subList(0, 10));
        Items.assertAll("newly enrolled KBs", store().enroll(twice, 2), kbIds.subList(10, 5_000));
        Items.assertAll("KBs found", store().find(twice).keySet(), kbIds);
        assertThat(store().count(2))
                .as("the number of KBs below version 2, those that were enrolled first")
                .isEqualTo(10);
        store().remove(kbIds.subList(0, 4_999));
        Items.assertAll("KBs left after a removal", store().find(kbIds).keySet(), List.of("many-4999"));
    }

    @Test
    default void findAnswersOnlyWhatIsEnrolled() {
        kbs().enroll(1, "a", "b", "c");
        assertThat(store().find(List.of("a", "c", "nobody", "a")))
                .as("the KBs found, without those that are not enrolled")
                .containsOnlyKeys("a", "c");
    }

    @Test
    default void countTellsHowManyAreBelowAVersion() {
        kbs().enroll(0, StoreDriver.ids("zero-", 5));
        kbs().enroll(1, StoreDriver.ids("one-", 7));
        kbs().enroll(2, StoreDriver.ids("two-", 11));
        kbs().done(kbs().failed("zero-0", 0, 1, 1, "boom", null));
        assertThat(store().count(0)).as("the number of KBs below version 0").isZero();
        assertThat(store().count(1)).as("the number of KBs below version 1").isEqualTo(5);
        assertThat(store().count(2)).as("the number of KBs below version 2").isEqualTo(12);
        assertThat(store().count(3)).as("the number of KBs below version 3").isEqualTo(23);
        assertThat(store().count(Long.MAX_VALUE)).as("the number of all KBs").isEqualTo(23);
    }

    @Test
    default void aRemovedKbIsForgottenWithAllThatIsOnRecord() {
        kbs().enroll(0, "kb", "other");
        kbs().done(kbs().failed("kb", 0, 1, 3, "boom", Duration.ofHours(1)));
        kbs().done(kbs().checkpointed("kb", 0, 1, "1"));
        store().remove(List.of("kb", "nobody"));
        assertThat(store().find(List.of("kb", "other")))
                .as("the KBs found after one was removed")
                .containsOnlyKeys("other");
        assertThat(store().count(Long.MAX_VALUE))
                .as("the number of KBs after one of two was removed")
                .isEqualTo(1);
        assertThat(kbs().listed(StoreDriver.all(Partitions.all(), 10)))
                .as("the KBs listed after one was removed")
                .containsExactly("other");
        assertThat(kbs().look().recordCounts())
                .as("the records left after the only KB with a record was removed")
                .isEmpty();
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
        assertThat(kbs().state("kb"))
                .as("a KB that was removed and enrolled again, at its new version and without a record")
                .isEqualTo(new KbState("kb", kbs().incarnation("kb"), 2, null));
    }
}
