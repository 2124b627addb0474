package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The order in which a look reads its parts, if it does not read them at one instant. Looks overlap with changes that are made
 * in an order of their own, so that a look that reads in another order shows a state that never was.
 */
@Checks(Rule.LOOKS)
interface LookOrderContract extends StoreFixture {

    int LOOKERS = 4;

    /** What overlaps with the looks. */
    @FunctionalInterface
    interface Change {
        void run() throws Exception;
    }

    /** What every look is to show. */
    @FunctionalInterface
    interface LookCheck {
        void check(Snapshot seen, boolean thorough);
    }

    /**
     * A KB fails, and the floor then rises above it. Records that were read before the failure, and floors that were read after
     * the raise, show no KB below. A global part would then run too early.
     */
    @Test
    default void aKbThatFailsWhileTheFloorRisesIsInEveryLook() throws Exception {
        List<String> kbIds = oneInEachPartition();
        kbs().enroll(0, kbIds);
        for (int round = 0; round < 5; round++) {
            long version = round;
            Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
            List<KbWrite> failures = new ArrayList<>();
            List<KbWrite> advances = new ArrayList<>();
            store().find(kbIds).values().forEach(kb -> {
                failures.add(new KbWrite.Failed(
                        kb.kbId(), kb.incarnation(), version, version + 1, 1, "boom", Duration.ofHours(1)));
                advances.add(new KbWrite.Advanced(kb.kbId(), kb.incarnation(), version, version + 1));
            });
            lookDuring(
                    () -> failWhileFloorsRise(epochs, failures, version + 1),
                    (seen, thorough) -> assertShowsAll(seen, thorough, kbIds, version));
            writeAll(store(), epochs, advances, store().maxBatch());
        }
    }

    private void failWhileFloorsRise(Map<Integer, Epoch> epochs, List<KbWrite> failures, long floor) throws Exception {
        AtomicBoolean failed = new AtomicBoolean();
        Together.run(2, thread -> {
            if (thread == 0) {
                try {
                    writeAll(store(), epochs, failures, 2);
                } finally {
                    failed.set(true);
                }
            } else {
                while (!failed.get()) {
                    other().raiseFloors(epochs.values(), floor);
                }
                other().raiseFloors(epochs.values(), floor);
            }
        });
    }

    private static void assertShowsAll(Snapshot seen, boolean thorough, List<String> kbIds, long version) {
        Set<Integer> recorded =
                seen.recordCounts().stream().map(KbRecordCount::partition).collect(Collectors.toSet());
        List<String> lost = kbIds.stream()
                .filter(kbId -> seen.floors().get(Partitions.of(kbId)) > version)
                .filter(kbId -> !recorded.contains(Partitions.of(kbId)))
                .toList();
        assertThat(lost)
                .as(
                        "KBs at version %s that a %s look has lost: it shows their partitions above that version, and no"
                                + " record in them. Were the records read before the floors, or is a record missing for a moment?",
                        version, thorough ? "thorough" : "usual")
                .isEmpty();
    }

    /**
     * A KB behind its floor always has a record: the next one takes the place of the one before in the same transaction. A
     * thorough look must not find the KB with a record when it reads the lowest versions, and without one when it reads the
     * records: it reads both at one instant, or in one pass over the KBs.
     */
    @Test
    default void aKbThatAdvancesBehindTheFloorIsInEveryLook() throws Exception {
        List<String> kbIds = oneInEachPartition().subList(0, 24);
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        store().raiseFloors(epochs.values(), 1_000);
        kbs().enroll(0, kbIds);
        lookDuring(
                () -> {
                    for (long from = 0; from < 40; from++) {
                        long version = from;
                        List<KbWrite> advances = store().find(kbIds).values().stream()
                                .<KbWrite>map(kb -> new KbWrite.Advanced(
                                        kb.kbId(), kb.incarnation(), version, version + 1))
                                .toList();
                        writeAll(store(), epochs, advances, Math.min(8, store().maxBatch()));
                    }
                },
                (seen, thorough) -> assertShowsAll(seen, thorough, kbIds, 999));
    }

    /** A floor rises and a KB fails, and a document says so. No look shows the document without either. */
    @Test
    default void whatADocumentSaysIsInEveryLookThatShowsTheDocument() throws Exception {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        kbs().enroll(0, kbId);
        long incarnation = kbs().incarnation(kbId);
        Epoch floored = kbs().epoch(8);
        Epoch failing = kbs().epoch(9);
        lookDuring(
                () -> {
                    for (int step = 1; step <= 120; step++) {
                        store().raiseFloors(Set.of(floored), step);
                        KbWrite failure =
                                new KbWrite.Failed(kbId, incarnation, 0, step, 1, "boom", Duration.ofHours(1));
                        store().write(Set.of(failing), List.of(failure));
                        long revision = store().document("now/step").map(Document::revision).orElse(0L);
                        store().compareAndSet("now/step", revision, "" + step, null);
                    }
                },
                (seen, thorough) -> assertShowsTheStep(seen, thorough));
    }

    private static void assertShowsTheStep(Snapshot seen, boolean thorough) {
        for (Document document : seen.documents()) {
            long step = Long.parseLong(document.json());
            if (!thorough) {
                assertThat(seen.floors().get(8))
                        .as("the floor of a look that shows a document from after its raise to %s", step)
                        .isGreaterThanOrEqualTo(step);
            }
            assertThat(seen.recordCounts())
                    .as("the records of a look that shows a document from after the failure of version %s", step)
                    .anyMatch(count -> count.partition() == 9 && count.version() >= step);
        }
    }

    private void lookDuring(Change change, LookCheck check) throws Exception {
        AtomicBoolean changed = new AtomicBoolean();
        Together.run(LOOKERS + 1, thread -> {
            if (thread == 0) {
                try {
                    change.run();
                } finally {
                    changed.set(true);
                }
            } else {
                StateStore mine = thread % 2 == 0 ? store() : other();
                boolean thorough = thread > LOOKERS / 2;
                do {
                    check.check(
                            mine.look(StoreDriver.heartbeat("looker-" + thread, DueFilter.BY_THE_CLOCK, thorough)),
                            thorough);
                } while (!changed.get());
            }
        });
    }

    private static List<String> oneInEachPartition() {
        return Partitions.all().stream()
                .map(partition -> StoreDriver.inPartition(partition, "kb-", 1).get(0))
                .toList();
    }

    private static void writeAll(StateStore store, Map<Integer, Epoch> epochs, List<KbWrite> writes, int size) {
        for (int from = 0; from < writes.size(); from += size) {
            List<KbWrite> batch = writes.subList(from, Math.min(writes.size(), from + size));
            Collection<Epoch> carried = batch.stream()
                    .map(write -> StoreDriver.entry(epochs, Partitions.of(write.kbId())))
                    .collect(Collectors.toSet());
            assertThat(store.write(carried, batch))
                    .as("the result of a write that has nothing in its way")
                    .isEqualTo(WriteResult.ALL_DONE);
        }
    }
}
