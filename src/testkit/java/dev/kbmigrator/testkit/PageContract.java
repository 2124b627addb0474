package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Pages: a listing loses no KB, wherever its pages end and whatever changes in the meantime. */
@Checks(Rule.PAGES)
interface PageContract extends StoreFixture {

    List<Integer> LIMITS = List.of(1, 2, 3, 256);

    @Test
    default void everyKbIsListedAtEveryPageSize() {
        List<String> kbIds = StoreDriver.ids("kb-", 300);
        kbs().enroll(0, kbIds);
        for (int limit : LIMITS) {
            Items.assertAll(
                    "KBs listed, pages of " + limit, kbs().listed(StoreDriver.all(Partitions.all(), limit)), kbIds);
        }
    }

    @Test
    default void everyKbOfACrowdedPartitionIsListedAtEveryPageSize() {
        List<String> kbIds = StoreDriver.inPartition(128, "kb-", 12);
        kbs().enroll(0, kbIds);
        for (int limit : new int[] {1, 2, 3, 4, 5, 6, 11, 12, 13, 256}) {
            Items.assertAll("KBs listed, pages of " + limit, kbs().listed(StoreDriver.all(Set.of(128), limit)), kbIds);
        }
    }

    @Test
    default void aPassGoesOnInTheNextPartition() {
        List<String> kbIds = new ArrayList<>();
        for (int partition : new int[] {0, 1, 9, 10, 100, 254, 255}) {
            kbIds.addAll(StoreDriver.inPartition(partition, "kb-", 3));
        }
        kbs().enroll(0, kbIds);
        for (int limit : LIMITS) {
            Items.assertAll(
                    "KBs listed, pages of " + limit,
                    kbs().listed(StoreDriver.all(Set.of(255, 0, 1, 10, 9, 254, 100, 77), limit)),
                    kbIds);
        }
    }

    @Test
    default void onlyTheChosenPartitionsAreListed() {
        List<String> first = StoreDriver.inPartition(3, "kb-", 5);
        List<String> second = StoreDriver.inPartition(200, "kb-", 5);
        kbs().enroll(0, first);
        kbs().enroll(0, second);
        kbs().enroll(0, StoreDriver.inPartition(4, "kb-", 5));
        for (int limit : LIMITS) {
            Items.assertAll("KBs of partition 200", kbs().listed(StoreDriver.all(Set.of(200), limit)), second);
            Items.assertAll(
                    "KBs of partitions 3 and 200",
                    kbs().listed(StoreDriver.all(Set.of(3, 200), limit)),
                    Stream.concat(first.stream(), second.stream()).toList());
            assertThat(kbs().listed(StoreDriver.all(Set.of(5), limit)))
                    .as("the KBs listed of a partition without KBs")
                    .isEmpty();
            assertThat(kbs().listed(StoreDriver.all(Set.of(), limit)))
                    .as("the KBs listed of no partitions")
                    .isEmpty();
        }
    }

    @Test
    default void onlyKbsBelowTheVersionAreListed() {
        kbs().enroll(1, "one");
        kbs().enroll(2, "two");
        kbs().enroll(3, "three");
        for (Selection selection : List.of(Selection.ALL, Selection.DUE)) {
            for (int limit : LIMITS) {
                assertThat(listedBelow(selection, 1, limit))
                        .as("the KBs below version 1, selection %s, pages of %d", selection, limit)
                        .isEmpty();
                assertThat(listedBelow(selection, 3, limit))
                        .as("the KBs below version 3, selection %s, pages of %d", selection, limit)
                        .containsExactlyInAnyOrder("one", "two");
                assertThat(listedBelow(selection, 4, limit))
                        .as("the KBs below version 4, selection %s, pages of %d", selection, limit)
                        .containsExactlyInAnyOrder("one", "two", "three");
            }
        }
    }

    @Test
    default void kbsBetweenOthersThatAreNotSelectedAreFound() {
        List<String> kbIds = StoreDriver.inPartition(5, "kb-", 40);
        kbs().enroll(0, kbIds);
        List<String> low = new ArrayList<>();
        for (int i = 0; i < kbIds.size(); i++) {
            if (i % 13 == 7) {
                low.add(kbIds.get(i));
            } else {
                kbs().advance(kbIds.get(i), 0, 1);
            }
        }
        for (int limit : LIMITS) {
            Items.assertAll("KBs between others, pages of " + limit, listedBelow(Selection.DUE, 1, limit), low);
        }
    }

    @Test
    default void aPageTellsVersionAndAttemptButNoCheckpointText() {
        kbs().enroll(4, "kb", "plain");
        kbs().done(kbs().failed("kb", 4, 5, 2, "boom", Duration.ZERO));
        kbs().done(kbs().checkpointed("kb", 4, 5, "\"a text\""));
        assertThat(kbs().recorded("kb").checkpoint())
                .as("find returns the text")
                .isEqualTo("\"a text\"");
        for (Selection selection : Selection.values()) {
            List<KbState> listed = kbs().pass(request(selection, Long.MAX_VALUE, 10)).stream()
                    .filter(kb -> kb.kbId().equals("kb"))
                    .toList();
            assertThat(listed).as("%s", selection).isNotEmpty().allSatisfy(kb -> {
                assertThat(kb.version()).as("the version on the page").isEqualTo(4);
                assertThat(kb.record()).as("the record on the page").isNotNull().satisfies(record -> {
                    assertThat(record.version())
                            .as("the version of the record on the page")
                            .isEqualTo(5);
                    assertThat(record.failures())
                            .as("the number of failures on the page")
                            .isEqualTo(2);
                    assertThat(record.error()).as("the error on the page").isEqualTo("boom");
                    assertThat(record.failedMicros())
                            .as("when the KB failed, on the page")
                            .isPositive();
                    assertThat(record.checkpointed())
                            .as("whether the page says that there is a checkpoint")
                            .isTrue();
                    assertThat(record.checkpoint())
                            .as("the text of the checkpoint, which is no part of a page")
                            .isNull();
                });
            });
        }
        assertThat(kbs().pass(StoreDriver.all(Partitions.all(), 10)))
                .as("a KB without a record, on a page of all KBs")
                .contains(new KbState("plain", kbs().incarnation("plain"), 4, null));
    }

    @Test
    default void advancingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(Selection.DUE, page -> {
            for (KbState kb : page.kbs()) {
                kbs().advance(kb.kbId(), 0, 1);
            }
        });
        Items.assertAll("KBs listed while they advance", listed.keySet(), passIds());
        assertThat(store().count(1))
                .as("how many KBs were left behind by advancing what was listed")
                .isZero();
    }

    @Test
    default void removingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(
                Selection.ALL,
                page -> store().remove(page.kbs().stream().map(KbState::kbId).toList()));
        Items.assertAll("KBs listed while they are removed", listed.keySet(), passIds());
        assertThat(store().count(Long.MAX_VALUE))
                .as("how many KBs were left behind by removing what was listed")
                .isZero();
    }

    @Test
    default void failingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(Selection.DUE, page -> {
            for (KbState kb : page.kbs()) {
                kbs().done(kbs().failed(kb.kbId(), 0, 1, 1, "boom", Duration.ofHours(1)));
            }
        });
        Items.assertAll("KBs listed while they fail", listed.keySet(), passIds());
    }

    @Test
    default void enrollingDuringThePassLosesNoKb() {
        int[] pages = {0};
        Map<String, Integer> listed = passThatChanges(Selection.DUE, page -> {
            if (pages[0]++ < 15) {
                store().enroll(StoreDriver.inPartition(7, "a-new-" + pages[0] + "-", 2), 0);
                store().enroll(StoreDriver.inPartition(9, "z-new-" + pages[0] + "-", 2), 0);
            }
        });
        Items.assertNoneLost("KBs listed while others are enrolled", listed.keySet(), passIds());
    }

    private List<String> passIds() {
        List<String> kbIds = new ArrayList<>();
        for (int partition : new int[] {7, 8, 9}) {
            kbIds.addAll(StoreDriver.inPartition(partition, "kb-", 20));
        }
        return kbIds;
    }

    private Map<String, Integer> passThatChanges(Selection selection, Consumer<Page> change) {
        kbs().enroll(0, passIds());
        Map<String, Integer> listed = new HashMap<>();
        kbs().pass(request(selection, 1, 3), change).forEach(kb -> listed.merge(kb.kbId(), 1, Integer::sum));
        return listed;
    }

    private Set<String> listedBelow(Selection selection, long version, int limit) {
        return kbs().listed(request(selection, version, limit));
    }

    private static PageQuery request(Selection selection, long belowVersion, int limit) {
        return new PageQuery(Partitions.all(), selection, belowVersion, DueFilter.BY_THE_CLOCK, null, limit);
    }
}
