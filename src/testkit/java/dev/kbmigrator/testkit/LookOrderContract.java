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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The order in which a look reads its parts, if it does not read them at one instant. Looks overlap with changes that are made
 * in an order of their own, so that a look that reads in another order shows a state that never was.
 */
@Checks(Rule.LOOKS)
interface LookOrderContract extends StoreFixture {

    int LOOKERS = 4;

    int MOST_LOOKS = 400;

    int LEAST_STEPS = 10;

    long MOST_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** One of the changes that overlap with the looks. */
    @FunctionalInterface
    interface Step {
        void take(long number);
    }

    /** All that overlaps with the looks. */
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
            List<KbWrite> failures = failures(kbIds, version);
            lookWhile(
                    () -> failWhileFloorsRise(epochs, failures, version + 1),
                    (seen, thorough) -> assertShowsAll(seen, thorough, kbIds, version));
            writeAll(store(), epochs, advances(kbIds, version), store().maxBatch());
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

    /** A KB behind its floor always has a record: the next one takes the place of the one before in the same transaction. */
    @Test
    default void aKbThatAdvancesBehindTheFloorIsInEveryLook() throws Exception {
        List<String> kbIds = oneInEachPartition().subList(0, 24);
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        store().raiseFloors(epochs.values(), 1_000_000);
        kbs().enroll(0, kbIds);
        lookDuring(
                step -> writeAll(store(), epochs, advances(kbIds, step), 8),
                (seen, thorough) -> assertShowsAll(seen, thorough, kbIds, 999_999));
    }

    /**
     * A KB that has failed advances and has no record then. A thorough look must not find it with a record when it reads the
     * lowest versions, and without one when it reads the records: it reads both at one instant, or in one pass over the KBs.
     */
    @Test
    default void aKbThatRecoversIsInEveryLook() throws Exception {
        List<String> kbIds = oneInEachPartition().subList(0, 24);
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        kbs().enroll(0, kbIds);
        lookDuring(
                step -> {
                    writeAll(store(), epochs, failures(kbIds, step), 8);
                    writeAll(store(), epochs, advances(kbIds, step), 8);
                },
                (seen, thorough) -> assertShowsAll(seen, thorough, kbIds, 999_999));
    }

    private List<KbWrite> failures(List<String> kbIds, long version) {
        return store().find(kbIds).values().stream()
                .<KbWrite>map(kb -> new KbWrite.Failed(
                        kb.kbId(), kb.incarnation(), version, version + 1, 1, "boom", Duration.ofHours(1)))
                .toList();
    }

    private List<KbWrite> advances(List<String> kbIds, long version) {
        return store().find(kbIds).values().stream()
                .<KbWrite>map(kb -> new KbWrite.Advanced(kb.kbId(), kb.incarnation(), version, version + 1))
                .toList();
    }

    /** A floor rises and a KB fails, and a document says so. No look shows the document without either. */
    @Test
    default void whatADocumentSaysIsInEveryLookThatShowsTheDocument() throws Exception {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        kbs().enroll(0, kbId);
        Epoch floored = kbs().epoch(8);
        Epoch failing = kbs().epoch(9);
        long incarnation = kbs().incarnation(kbId);
        lookDuring(
                before -> {
                    long step = before + 1;
                    store().raiseFloors(Set.of(floored), step);
                    KbWrite failure = new KbWrite.Failed(kbId, incarnation, 0, step, 1, "boom", Duration.ofHours(1));
                    store().write(Set.of(failing), List.of(failure));
                    long revision =
                            store().document("now/step").map(Document::revision).orElse(0L);
                    store().compareAndSet("now/step", revision, "" + step, null);
                },
                LookOrderContract::assertShowsTheStep);
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

    /** Changes something, step by step, until enough looks have been made in the meantime. */
    private void lookDuring(Step change, LookCheck check) throws Exception {
        AtomicInteger looks = new AtomicInteger();
        lookWhile(
                () -> {
                    long start = System.nanoTime();
                    for (long step = 0;
                            (looks.get() < MOST_LOOKS && System.nanoTime() - start < MOST_NANOS) || step < LEAST_STEPS;
                            step++) {
                        change.take(step);
                    }
                },
                (seen, thorough) -> {
                    looks.incrementAndGet();
                    check.check(seen, thorough);
                });
    }

    private void lookWhile(Change change, LookCheck check) throws Exception {
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

    private static void writeAll(StateStore store, Map<Integer, Epoch> epochs, List<KbWrite> writes, int most) {
        int size = Math.min(most, store.maxBatch());
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
