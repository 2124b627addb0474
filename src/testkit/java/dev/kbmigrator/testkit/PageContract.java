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
import org.junit.jupiter.api.Test;

/** Pages: a listing loses no KB, wherever its pages end and whatever changes in the meantime. */
interface PageContract extends StoreFixture {

    List<Integer> LIMITS = List.of(1, 2, 3, 256);

    @Test
    default void everyKbIsListedAtEveryPageSize() {
        List<String> kbIds = StoreDriver.ids("kb-", 300);
        kbs().enroll(0, kbIds);
        for (int limit : LIMITS) {
            assertThat(kbs().listed(StoreDriver.all(Partitions.all(), limit)))
                    .as("pages of %d", limit)
                    .containsExactlyInAnyOrderElementsOf(kbIds);
        }
    }

    @Test
    default void everyKbOfACrowdedPartitionIsListedAtEveryPageSize() {
        List<String> kbIds = StoreDriver.inPartition(128, "kb-", 12);
        kbs().enroll(0, kbIds);
        for (int limit : new int[] {1, 2, 3, 4, 5, 6, 11, 12, 13, 256}) {
            assertThat(kbs().listed(StoreDriver.all(Set.of(128), limit)))
                    .as("pages of %d", limit)
                    .containsExactlyInAnyOrderElementsOf(kbIds);
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
            assertThat(kbs().listed(StoreDriver.all(Set.of(255, 0, 1, 10, 9, 254, 100, 77), limit)))
                    .as("pages of %d", limit)
                    .containsExactlyInAnyOrderElementsOf(kbIds);
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
            assertThat(kbs().listed(StoreDriver.all(Set.of(200), limit))).containsExactlyInAnyOrderElementsOf(second);
            assertThat(kbs().listed(StoreDriver.all(Set.of(3, 200), limit)))
                    .hasSize(10)
                    .containsAll(first);
            assertThat(kbs().listed(StoreDriver.all(Set.of(5), limit))).isEmpty();
            assertThat(kbs().listed(StoreDriver.all(Set.of(), limit))).isEmpty();
        }
    }

    @Test
    default void onlyKbsBelowTheVersionAreListed() {
        kbs().enroll(1, "one");
        kbs().enroll(2, "two");
        kbs().enroll(3, "three");
        for (Selection selection : List.of(Selection.ALL, Selection.DUE)) {
            for (int limit : LIMITS) {
                assertThat(listedBelow(selection, 1, limit)).isEmpty();
                assertThat(listedBelow(selection, 3, limit)).containsExactlyInAnyOrder("one", "two");
                assertThat(listedBelow(selection, 4, limit)).containsExactlyInAnyOrder("one", "two", "three");
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
            assertThat(listedBelow(Selection.DUE, 1, limit)).containsExactlyInAnyOrderElementsOf(low);
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
                assertThat(kb.version()).isEqualTo(4);
                assertThat(kb.record()).isNotNull().satisfies(record -> {
                    assertThat(record.version()).isEqualTo(5);
                    assertThat(record.failures()).isEqualTo(2);
                    assertThat(record.error()).isEqualTo("boom");
                    assertThat(record.failedMicros()).isPositive();
                    assertThat(record.checkpointed()).isTrue();
                    assertThat(record.checkpoint()).isNull();
                });
            });
        }
        assertThat(kbs().pass(StoreDriver.all(Partitions.all(), 10)))
                .contains(new KbState("plain", kbs().incarnation("plain"), 4, null));
    }

    @Test
    default void advancingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(Selection.DUE, page -> {
            for (KbState kb : page.kbs()) {
                kbs().advance(kb.kbId(), 0, 1);
            }
        });
        assertThat(listed).hasSize(60);
        assertThat(store().count(1)).isZero();
    }

    @Test
    default void removingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(
                Selection.ALL,
                page -> store().remove(page.kbs().stream().map(KbState::kbId).toList()));
        assertThat(listed).hasSize(60);
        assertThat(store().count(Long.MAX_VALUE)).isZero();
    }

    @Test
    default void failingWhatWasListedLosesNoKb() {
        Map<String, Integer> listed = passThatChanges(Selection.DUE, page -> {
            for (KbState kb : page.kbs()) {
                kbs().done(kbs().failed(kb.kbId(), 0, 1, 1, "boom", Duration.ofHours(1)));
            }
        });
        assertThat(listed).hasSize(60);
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
        assertThat(listed.keySet()).containsAll(passIds());
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
