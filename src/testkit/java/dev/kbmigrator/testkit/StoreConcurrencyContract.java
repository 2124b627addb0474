package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.Stale;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What must hold when calls overlap. Threads with an odd number use the second handle. */
@Checks(Rule.VERSIONS)
interface StoreConcurrencyContract extends StoreFixture {

    int THREADS = 8;

    long RAISES_APART_NANOS = 300_000;

    /** More attempts than a thread needs, as long as one of the competing changes succeeds each time. */
    int MOST_ATTEMPTS = 20_000;

    /** A write under an old epoch. Returns whether it was refused. */
    @FunctionalInterface
    interface FencedWrite {
        boolean isRefused(Epoch epoch, int round);
    }

    @Test
    @Checks(Rule.FENCE)
    default void onceEpochsAreOpenedNoOlderWriteTakesEffect() throws Exception {
        for (int round = 0; round < 15; round++) {
            String kbId = "raced-" + round;
            kbs().enroll(0, kbId);
            long incarnation = kbs().incarnation(kbId);
            AtomicLong written = new AtomicLong();
            long seen = raceTheFence(
                    Partitions.of(kbId),
                    (epoch, version) -> {
                        KbWrite write = new KbWrite.Advanced(kbId, incarnation, version, version + 1);
                        WriteResult result = other().write(List.of(epoch), List.of(write));
                        written.addAndGet(result.staleScopes().isEmpty() ? 1 : 0);
                        return !result.staleScopes().isEmpty();
                    },
                    () -> kbs().version(kbId));
            assertThat(kbs().version(kbId))
                    .as("version after the next epoch was opened")
                    .isEqualTo(seen);
            assertThat(written).as("writes reported as done").hasValue(seen);
        }
    }

    @Test
    @Checks(Rule.FENCE)
    default void onceEpochsAreOpenedNoOlderCheckpointOrFailureTakesEffect() throws Exception {
        for (int round = 0; round < 15; round++) {
            String kbId = "raced-" + round;
            kbs().enroll(0, kbId);
            long incarnation = kbs().incarnation(kbId);
            KbState[] seen = new KbState[1];
            raceTheFence(
                    Partitions.of(kbId),
                    (epoch, i) -> {
                        KbWrite write = i % 2 == 0
                                ? new KbWrite.Checkpointed(kbId, incarnation, 0, 1, "" + i)
                                : new KbWrite.Failed(kbId, incarnation, 0, 1, i, "boom", Duration.ofHours(1));
                        return !other().write(List.of(epoch), List.of(write))
                                .staleScopes()
                                .isEmpty();
                    },
                    () -> {
                        seen[0] = kbs().state(kbId);
                        return 0;
                    });
            assertThat(kbs().state(kbId))
                    .as("state after the next epoch was opened")
                    .isEqualTo(seen[0]);
        }
    }

    @Test
    @Checks(Rule.FENCE)
    default void onceEpochsAreOpenedNoOlderChangeOfADocumentTakesEffect() throws Exception {
        for (int round = 0; round < 15; round++) {
            String name = "raced/" + round;
            long[] revision = {0};
            long seen = raceTheFence(
                    Epoch.COORDINATOR,
                    (epoch, i) -> {
                        boolean changed = other().compareAndSet(name, revision[0], "" + i, epoch);
                        if (changed) {
                            revision[0] = revisionOf(other(), name);
                        }
                        return !changed;
                    },
                    () -> revisionOf(store(), name));
            assertThat(revisionOf(store(), name))
                    .as("revision after the next epoch was opened")
                    .isEqualTo(seen);
        }
    }

    @Test
    @Checks(Rule.FENCE)
    default void onceEpochsAreOpenedNoOlderRaiseTakesEffect() throws Exception {
        long[] floor = {0};
        for (int round = 0; round < 15; round++) {
            long start = floor[0];
            long seen = raceTheFence(
                    33,
                    (epoch, i) ->
                            other().raiseFloors(List.of(epoch), start + i + 1).isEmpty(),
                    () -> kbs().floor(33));
            floor[0] = kbs().floor(33);
            assertThat(floor[0]).as("floor after the next epoch was opened").isEqualTo(seen);
        }
    }

    @Test
    default void overlappingBatchesInAnyOrderNeitherDeadlockNorLose() throws Exception {
        List<String> kbIds = StoreDriver.ids("kb-", 100);
        kbs().enroll(0, kbIds);
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        Map<String, AtomicInteger> done = new ConcurrentHashMap<>();
        kbIds.forEach(kbId -> done.put(kbId, new AtomicInteger()));
        Together.run(THREADS, thread -> {
            StateStore mine = thread % 2 == 0 ? store() : other();
            Random random = new Random(thread);
            for (int round = 0; round < 12; round++) {
                List<String> order = new ArrayList<>(kbIds);
                Collections.shuffle(order, random);
                WriteResult result = advanceAll(mine, epochs, order.subList(0, 50));
                assertThat(result.staleScopes())
                        .as("the stale scopes of a batch under the newest epochs")
                        .isEmpty();
                assertThat(result.exceptions().values())
                        .as("why KBs were not written: only because another batch was first")
                        .allMatch(Stale.class::isInstance);
                order.subList(0, 50).stream()
                        .filter(kbId -> !result.exceptions().containsKey(kbId))
                        .forEach(kbId -> StoreDriver.entry(done, kbId).incrementAndGet());
            }
        });
        for (KbState kb : store().find(kbIds).values()) {
            assertThat(kb.version())
                    .as("the version of KB %s: one for each advance that was reported as done", kb.kbId())
                    .isEqualTo(StoreDriver.entry(done, kb.kbId()).get());
        }
    }

    @Test
    default void ofConcurrentAdvancesExactlyOneTakesEffect() throws Exception {
        for (int round = 0; round < 10; round++) {
            String kbId = "contended-" + round;
            kbs().enroll(0, kbId);
            long incarnation = kbs().incarnation(kbId);
            Collection<Epoch> epochs = kbs().open(kbId);
            AtomicInteger winners = new AtomicInteger();
            Together.run(THREADS, thread -> {
                StateStore mine = thread % 2 == 0 ? store() : other();
                KbWrite write = new KbWrite.Advanced(kbId, incarnation, 0, thread + 1);
                WriteResult result = mine.write(epochs, List.of(write));
                winners.addAndGet(result.exceptions().isEmpty() ? 1 : 0);
            });
            assertThat(winners)
                    .as("how many of the overlapping advances of one KB took effect")
                    .hasValue(1);
        }
    }

    @Test
    default void ofConcurrentEnrolmentsOfAKbExactlyOneIsAnswered() throws Exception {
        List<String> kbIds = StoreDriver.ids("kb-", 200);
        Map<String, AtomicInteger> enrolments = new ConcurrentHashMap<>();
        Map<String, Long> versions = new ConcurrentHashMap<>();
        Together.run(THREADS, thread -> {
            StateStore mine = thread % 2 == 0 ? store() : other();
            List<String> order = new ArrayList<>(kbIds);
            Collections.shuffle(order, new Random(thread));
            for (int from = 0; from < order.size(); from += 50) {
                for (String kbId : mine.enroll(order.subList(from, from + 50), thread)) {
                    enrolments.computeIfAbsent(kbId, key -> new AtomicInteger()).incrementAndGet();
                    versions.put(kbId, (long) thread);
                }
            }
        });
        Items.assertAll("KBs whose enrolment was reported", enrolments.keySet(), kbIds);
        assertThat(enrolments)
                .as("each enrolment is reported once")
                .allSatisfy((kbId, times) -> assertThat(times)
                        .as("how many overlapping enrolments of KB %s were reported as its first", kbId)
                        .hasValue(1));
        Items.assertAll("KBs enrolled", store().find(kbIds).keySet(), kbIds);
        assertThat(store().find(kbIds).values())
                .as("each KB is at the version of the enrolment that was reported")
                .allSatisfy(kb -> assertThat(kb.version())
                        .as("the version of KB %s: that of the enrolment that was reported as its first", kb.kbId())
                        .isEqualTo(versions.get(kb.kbId())));
    }

    @Test
    @Checks(Rule.FLOORS)
    default void enrolmentsAndRaisesThatOverlapLoseNoKb() throws Exception {
        for (int round = 0; round < 8; round++) {
            long version = round;
            String prefix = "round-" + round + "-";
            Collection<Epoch> epochs = store().openEpochs(Partitions.all()).values();
            Together.run(THREADS, thread -> {
                StateStore mine = thread % 2 == 0 ? store() : other();
                if (thread < 2) {
                    for (int i = 0; i < 4; i++) {
                        // Every other round, waits so that the other threads are already enrolling
                        LockSupport.parkNanos(version % 2 * RAISES_APART_NANOS);
                        mine.raiseFloors(epochs, version + 1);
                    }
                } else {
                    List<String> mineIds = StoreDriver.ids(prefix + thread + "-", 60);
                    for (int from = 0; from < 60; from += 20) {
                        Items.assertAll(
                                "newly enrolled KBs",
                                mine.enroll(mineIds.subList(from, from + 20), version),
                                mineIds.subList(from, from + 20));
                    }
                }
            });
            List<KbState> all = kbs().pass(StoreDriver.all(Partitions.all(), 256));
            Items.assertAll(
                    "KBs enrolled",
                    all.stream().map(KbState::kbId).toList(),
                    IntStream.range(2, THREADS)
                            .boxed()
                            .flatMap(thread -> StoreDriver.ids(prefix + thread + "-", 60).stream())
                            .toList());
            assertNoneIsBehindItsFloorUnseen(all);
            store().remove(all.stream().map(KbState::kbId).toList());
        }
    }

    @Test
    @Checks(Rule.FLOORS)
    default void enrolmentsAdvancesAndRaisesThatOverlapLoseNoKb() throws Exception {
        Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
        CountDownLatch enrolling = new CountDownLatch(THREADS / 2);
        Together.run(THREADS, thread -> {
            StateStore mine = thread % 2 == 0 ? store() : other();
            if (thread < THREADS / 2) {
                for (int i = 0; i < 20; i++) {
                    mine.enroll(StoreDriver.ids("kb-" + thread + "-" + i + "-", 10), i % 3);
                }
                enrolling.countDown();
            } else {
                long floor = 1;
                while (!enrolling.await(1, TimeUnit.MILLISECONDS)) {
                    List<String> low = new StoreDriver(mine)
                            .pass(StoreDriver.due(floor, DueFilter.BY_THE_CLOCK, 256)).stream()
                                    .map(KbState::kbId)
                                    .limit(256)
                                    .toList();
                    if (!low.isEmpty()) {
                        advanceAll(mine, epochs, low);
                    }
                    mine.raiseFloors(epochs.values(), floor);
                    floor = floor % 3 + 1;
                }
            }
        });
        List<KbState> all = kbs().pass(StoreDriver.all(Partitions.all(), 256));
        Items.assertAll(
                "KBs enrolled",
                all.stream().map(KbState::kbId).toList(),
                IntStream.range(0, 20)
                        .boxed()
                        .flatMap(i -> IntStream.range(0, THREADS / 2)
                                .boxed()
                                .flatMap(thread -> StoreDriver.ids("kb-" + thread + "-" + i + "-", 10).stream()))
                        .toList());
        assertNoneIsBehindItsFloorUnseen(all);
    }

    @Test
    @Checks(Rule.DOCUMENTS)
    default void ofConcurrentChangesOfADocumentExactlyOneWins() throws Exception {
        for (int round = 0; round < 20; round++) {
            String name = "contended/" + round / 2;
            long expected = store().document(name).map(Document::revision).orElse(0L);
            ConcurrentHashMap<Integer, String> winners = new ConcurrentHashMap<>();
            Together.run(THREADS, thread -> {
                StateStore mine = thread % 2 == 0 ? store() : other();
                if (mine.compareAndSet(name, expected, "" + thread, null)) {
                    winners.put(thread, "" + thread);
                }
            });
            assertThat(winners)
                    .as("the threads whose change from the same revision took effect")
                    .hasSize(1);
            assertThat(winners.values())
                    .as("the text of the thread whose change took effect")
                    .containsExactly(store().document(name).orElseThrow().json());
        }
    }

    @Test
    @Checks(Rule.DOCUMENTS)
    default void noUpdateOfADocumentIsLost() throws Exception {
        store().compareAndSet("counter", 0, "0", null);
        Together.run(4, thread -> {
            StateStore mine = thread % 2 == 0 ? store() : other();
            int done = 0;
            for (int attempts = 0; done < 15; attempts++) {
                assertThat(attempts).as("attempts").isLessThan(MOST_ATTEMPTS);
                Document before = mine.document("counter").orElseThrow();
                String next = "" + (Integer.parseInt(before.json()) + 1);
                done += mine.compareAndSet("counter", before.revision(), next, null) ? 1 : 0;
            }
        });
        assertThat(store().document("counter").orElseThrow().json())
                .as("the number that 60 increments by compare-and-set leave")
                .isEqualTo("60");
    }

    @Test
    @Checks(Rule.FENCE)
    default void concurrentOpeningsGiveEachItsOwnEpoch() throws Exception {
        Set<Long> numbers = ConcurrentHashMap.newKeySet();
        Together.run(THREADS, thread -> {
            StateStore mine = thread % 2 == 0 ? store() : other();
            long last = 0;
            for (int i = 0; i < 10; i++) {
                Epoch epoch = StoreDriver.entry(mine.openEpochs(Set.of(3, 4, 5, Epoch.COORDINATOR)), 4);
                assertThat(epoch.number())
                        .as("the number of an epoch, compared with the one that the same thread opened before")
                        .isGreaterThan(last);
                last = epoch.number();
                numbers.add(last);
            }
        });
        assertThat(numbers)
                .as("the numbers of epochs of one scope, all different")
                .hasSize(10 * THREADS);
    }

    /** Opens an epoch while a thread writes under the previous one. Returns what was read right after the opening. */
    private long raceTheFence(int scope, FencedWrite write, LongSupplier read) throws Exception {
        Epoch old = kbs().epoch(scope);
        CountDownLatch writing = new CountDownLatch(3);
        AtomicBoolean opened = new AtomicBoolean();
        long[] seen = new long[1];
        Together.run(2, thread -> {
            if (thread == 0) {
                try {
                    boolean late = false;
                    for (int i = 0; !write.isRefused(old, i); i++) {
                        assertThat(late)
                                .as("a write that was sent after the next epoch was opened took effect")
                                .isFalse();
                        writing.countDown();
                        late = opened.get();
                    }
                } finally {
                    letGo(writing);
                }
            } else {
                assertThat(writing.await(60, TimeUnit.SECONDS))
                        .as("whether three writes were made within 60 seconds, a precondition of this test")
                        .isTrue();
                store().openEpochs(Set.of(scope));
                opened.set(true);
                seen[0] = read.getAsLong();
            }
        });
        return seen[0];
    }

    private static void letGo(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            latch.countDown();
        }
    }

    private void assertNoneIsBehindItsFloorUnseen(Collection<KbState> kbs) {
        List<Long> floors = kbs().look().floors();
        List<Long> lowest = kbs().lookThoroughly().floors();
        for (KbState kb : kbs) {
            long floor = floors.get(Partitions.of(kb.kbId()));
            assertThat(kb.version() >= floor || kb.record() != null)
                    .as("at or above the floor %s, or with a record: %s", floor, kb)
                    .isTrue();
        }
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            assertThat(lowest.get(partition))
                    .as("lowest version without a record in partition %s", partition)
                    .isGreaterThanOrEqualTo(floors.get(partition));
        }
    }

    private static WriteResult advanceAll(StateStore store, Map<Integer, Epoch> epochs, List<String> kbIds) {
        Map<String, KbState> states = store.find(kbIds);
        Map<Integer, Epoch> carried = new HashMap<>(epochs);
        carried.keySet().retainAll(kbIds.stream().map(Partitions::of).toList());
        List<KbWrite> writes = new ArrayList<>();
        for (String kbId : kbIds) {
            KbState state = states.get(kbId);
            if (state != null) {
                writes.add(new KbWrite.Advanced(kbId, state.incarnation(), state.version(), state.version() + 1));
            }
        }
        return store.write(carried.values(), writes);
    }

    private static long revisionOf(StateStore store, String name) {
        return store.document(name).map(Document::revision).orElse(0L);
    }
}
