package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which KBs are due: a page and a look must agree. */
@Checks(Rule.RECORDS)
interface DueFilterContract extends StoreFixture {

    @Test
    default void byTheClockAKbIsDueUnlessItsNextAttemptIsLater() {
        enrollOneOfEachKind();
        assertThat(kbs().listed(StoreDriver.due(1, DueFilter.BY_THE_CLOCK, 2)))
                .as("the KBs that are due by the clock")
                .containsExactlyInAnyOrder("plain", "saved", "failed, due");
    }

    @Test
    @Checks(Rule.CLOCKS)
    default void aKbBecomesDueAsTimePasses() {
        kbs().enroll(0, "kb");
        kbs().done(kbs().failed("kb", 0, 1, 1, "boom", Duration.ofMillis(400)));
        long due = kbs().recorded("kb").dueMicros();
        Set<String> early = kbs().listed(StoreDriver.due(1, DueFilter.BY_THE_CLOCK, 10));
        if (kbs().look().storeMicros() < due) {
            assertThat(early).as("the KBs that are due before their retry time").isEmpty();
        }
        letPass(Duration.ofMillis(410));
        assertThat(kbs().look().storeMicros())
                .as("the store's clock after 410 ms have passed, at least the due time")
                .isGreaterThanOrEqualTo(due);
        assertThat(kbs().listed(StoreDriver.due(1, DueFilter.BY_THE_CLOCK, 10)))
                .as("the KBs that are due after their retry time")
                .containsExactly("kb");
        assertThat(kbs().look().recordCounts())
                .as("how many KBs a look counts as due after their retry time")
                .extracting(KbRecordCount::due)
                .containsExactly(1);
    }

    @Test
    default void failedBeforeListsWhatDidNotFailSince() {
        enrollOneOfEachKind();
        kbs().enroll(0, "failed once more");
        letPass(Duration.ofMillis(5));
        kbs().done(kbs().failed("failed once more", 0, 1, 1, "boom", Duration.ZERO));
        long instant = kbs().recorded("failed once more").failedMicros();
        assertThat(instant)
                .as("when a KB failed, compared with one that failed before it")
                .isGreaterThan(kbs().recorded("failed, later").failedMicros());
        assertThat(kbs().listed(StoreDriver.due(1, new DueFilter(instant), 2)))
                .as("the KBs that did not fail since that instant")
                .containsExactlyInAnyOrder("plain", "saved", "failed, due", "failed, later");
        assertThat(kbs().listed(StoreDriver.due(1, new DueFilter(instant + 1), 2)))
                .as("the KBs that did not fail since a microsecond later")
                .containsExactlyInAnyOrder("plain", "saved", "failed, due", "failed, later", "failed once more");
        assertThat(kbs().listed(StoreDriver.due(1, new DueFilter(1L), 2)))
                .as("the KBs that have never failed")
                .containsExactlyInAnyOrder("plain", "saved");
    }

    @Test
    default void failingKbsAreThoseWithAFailureOrSetAside() {
        enrollOneOfEachKind();
        kbs().enroll(0, "set aside without a failure");
        kbs().done(kbs().failed("set aside without a failure", 0, 1, 0, "by a person", null));
        int behind = Partitions.of("behind");
        assertThat(kbs().raise(behind, 2))
                .as("partitions whose floor rose; no other KB of this test is in it")
                .containsExactly(behind);
        kbs().enroll(1, "behind");
        for (int limit : new int[] {1, 2, 256}) {
            for (DueFilter ignored : List.of(DueFilter.BY_THE_CLOCK, new DueFilter(1L))) {
                PageQuery request =
                        new PageQuery(Partitions.all(), Selection.FAILING, Long.MAX_VALUE, ignored, null, limit);
                assertThat(kbs().listed(request))
                        .as("the KBs that failed or are set aside, pages of %d", limit)
                        .containsExactlyInAnyOrder(
                                "failed, due", "failed, later", "set aside", "set aside without a failure");
                assertThat(kbs().listed(new PageQuery(Partitions.all(), Selection.FAILING, 0, ignored, null, limit)))
                        .as("the failing KBs below version 0")
                        .isEmpty();
            }
        }
    }

    @Test
    default void allListsThemAllWhateverIsDue() {
        enrollOneOfEachKind();
        Items.assertAll(
                "all KBs, whatever is due",
                kbs().listed(StoreDriver.all(Partitions.all(), 2)),
                List.of("plain", "saved", "failed, due", "failed, later", "set aside"));
    }

    @Test
    default void aLookCountsAttemptsByPartitionAndVersion() {
        List<String> kbIds = StoreDriver.inPartition(30, "kb-", 7);
        kbs().enroll(0, kbIds);
        kbs().enroll(0, StoreDriver.inPartition(31, "kb-", 2));
        kbs().done(
                        kbs().failed(kbIds.get(0), 0, 1, 1, "boom", Duration.ofHours(1)),
                        kbs().failed(kbIds.get(1), 0, 1, 1, "boom", Duration.ofHours(2)),
                        kbs().failed(kbIds.get(2), 0, 1, 1, "boom", Duration.ZERO),
                        kbs().failed(kbIds.get(3), 0, 1, 1, "boom", null),
                        kbs().checkpointed(kbIds.get(4), 0, 1, "1"),
                        kbs().failed(kbIds.get(5), 0, 2, 1, "boom", null));
        kbs().done(kbs().failed(StoreDriver.inPartition(31, "kb-", 1).get(0), 0, 1, 1, "boom", Duration.ofHours(3)));
        long first = kbs().recorded(kbIds.get(0)).dueMicros();
        long third =
                kbs().recorded(StoreDriver.inPartition(31, "kb-", 1).get(0)).dueMicros();
        assertThat(kbs().look().recordCounts())
                .as("the counts of records by partition and version")
                .containsExactlyInAnyOrder(
                        new KbRecordCount(30, 1, 2, 2, 1, first, 3),
                        new KbRecordCount(30, 2, 0, 0, 1, Long.MAX_VALUE, 0),
                        new KbRecordCount(31, 1, 0, 1, 0, third, 1));
    }

    @Test
    default void aLookCountsWhatIsDueAsItsHeartbeatDefinesIt() {
        List<String> kbIds = StoreDriver.inPartition(30, "kb-", 3);
        kbs().enroll(0, kbIds);
        kbs().done(kbs().failed(kbIds.get(0), 0, 1, 1, "boom", Duration.ofHours(1)));
        letPass(Duration.ofMillis(5));
        kbs().done(kbs().failed(kbIds.get(1), 0, 1, 1, "boom", Duration.ZERO));
        kbs().done(kbs().failed(kbIds.get(2), 0, 1, 1, "boom", null));
        long instant = kbs().recorded(kbIds.get(1)).failedMicros();
        long waitingSince = kbs().recorded(kbIds.get(1)).dueMicros();
        assertThat(kbs().look(new DueFilter(instant)).recordCounts())
                .as("the counts of records, due if they failed before an instant")
                .containsExactly(new KbRecordCount(30, 1, 1, 1, 1, waitingSince, 2));
        assertThat(kbs().look(new DueFilter(instant + 1)).recordCounts())
                .as("the counts of records, due if they failed before a microsecond later")
                .containsExactly(new KbRecordCount(30, 1, 2, 0, 1, Long.MAX_VALUE, 2));
    }

    /** Enrols five KBs at version 0. Of these, "plain", "saved" and "failed, due" are due by the clock. */
    private void enrollOneOfEachKind() {
        kbs().enroll(0, "plain", "saved", "failed, due", "failed, later", "set aside");
        kbs().done(
                        kbs().checkpointed("saved", 0, 1, "1"),
                        kbs().failed("failed, due", 0, 1, 1, "boom", Duration.ZERO),
                        kbs().failed("failed, later", 0, 1, 1, "boom", Duration.ofHours(1)),
                        kbs().failed("set aside", 0, 1, 1, "boom", null));
    }
}
