package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.StateStore;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongBiFunction;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

/** Reads are linearizable: they see every write that was acknowledged before they began, by whichever handle. */
@Checks(Rule.READS)
interface ReadContract extends StoreFixture {

    long MOST_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Test
    default void everyReadOfAKbSeesTheLastWrite() {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        for (int round = 0; round < 15; round++) {
            kbs().enroll(0, kbId);
            assertSees("an enrolment", 0, kbId, ReadContract::versionFound);
            kbs().advance(kbId, 0, 1);
            assertSees("an advance", 1, kbId, ReadContract::versionFound);
            kbs().advance(kbId, 1, 2);
            assertSees("an advance", 2, kbId, ReadContract::versionListed);
            kbs().advance(kbId, 2, 3);
            assertSees(
                    "an advance",
                    3,
                    kbId,
                    store -> new StoreDriver(store).lookThoroughly().floors().get(9));
            kbs().advance(kbId, 3, 4);
            assertSees("an advance", 0, kbId, store -> store.count(4));
            kbs().done(kbs().failed(kbId, 4, 5 + round, 1, "boom", null));
            assertSees("a failure", 5 + round, kbId, ReadContract::versionRecorded);
            kbs().done(kbs().failed(kbId, 4, 50 + round, 1, "boom", null));
            assertSees("a failure", 50 + round, kbId, ReadContract::versionCounted);
            store().remove(List.of(kbId));
            assertSees("a removal", -1, kbId, ReadContract::versionFound);
            kbs().raise(10, round + 1);
            assertSees("a raise of a floor", round + 1, kbId, store -> new StoreDriver(store).floor(10));
        }
    }

    @Test
    default void everyReadOfADocumentOrAReplicaSeesTheLastWrite() {
        for (int round = 0; round < 15; round++) {
            String text = "" + round;
            String name = "now/" + round;
            assertThat(store().compareAndSet(name, 0, text, null))
                    .as("whether %s was created", name)
                    .isTrue();
            assertSees(
                    "the creation of a document",
                    round,
                    name,
                    store -> number(store.document(name).stream().toList()));
            long revision = store().document(name).orElseThrow().revision();
            store().compareAndSet(name, revision, "1" + text, null);
            assertSees(
                    "a change of a document", Long.parseLong("1" + text), name, store -> number(store.documents(name)));
            revision = store().document(name).orElseThrow().revision();
            store().compareAndSet(name, revision, "2" + text, null);
            assertSees(
                    "a change of a document",
                    Long.parseLong("2" + text),
                    name,
                    store -> number(new StoreDriver(store).look().documents()));
            revision = store().document(name).orElseThrow().revision();
            store().compareAndSet(name, revision, null, null);
            assertSees("the deletion of a document", -1, name, store -> number(store.documents("now/")));
            String replica = "replica-" + round;
            store().look(new Heartbeat(
                    StoreDriver.heartbeat(replica, DueFilter.BY_THE_CLOCK, false)
                            .self(),
                    text,
                    DueFilter.BY_THE_CLOCK,
                    false,
                    false));
            assertSees(
                    "a report",
                    1,
                    replica,
                    store -> store.replicaReports().stream()
                            .map(ReplicaReport::replicaId)
                            .filter(replica::equals)
                            .count());
            store().forgetReplica(replica);
            assertSees(
                    "a replica that was forgotten",
                    0,
                    replica,
                    store -> new StoreDriver(store)
                            .look().replicas().stream()
                                    .map(ReplicaState::replicaId)
                                    .filter(replica::equals)
                                    .count());
        }
    }

    /** By either handle, and the second one first: a follower may have caught up by the time of a second read. */
    private void assertSees(String change, long expected, String what, ToLongFunction<StateStore> read) {
        for (StateStore reader : List.of(other(), store())) {
            assertThat(read.applyAsLong(reader))
                    .as(
                            "what the %s handle reads of %s right after %s was acknowledged; does it read from a follower or"
                                    + " a cache?",
                            reader == store() ? "writing" : "second", what, change)
                    .isEqualTo(expected);
        }
    }

    /** Two reads that follow each other go forward, whichever handles make them. */
    @Test
    default void whatOneReadHasShownNoLaterReadTakesBack() throws Exception {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        kbs().enroll(0, kbId);
        // All threads look as one replica, which is listed from here on
        kbs().look();
        List<ToLongFunction<StateStore>> reads = List.of(
                store -> versionFound(store, kbId),
                store -> versionListed(store, kbId),
                store -> new StoreDriver(store).lookThoroughly().floors().get(9));
        AtomicLong shown = new AtomicLong();
        AtomicInteger made = new AtomicInteger();
        AtomicBoolean written = new AtomicBoolean();
        Together.run(5, thread -> {
            if (thread == 0) {
                try {
                    long start = System.nanoTime();
                    for (int version = 0;
                            version < 10 || (made.get() < 300 && System.nanoTime() - start < MOST_NANOS);
                            version++) {
                        kbs().advance(kbId, version, version + 1);
                        shown.accumulateAndGet(version + 1, Math::max);
                    }
                } finally {
                    written.set(true);
                }
            } else {
                StateStore mine = thread % 2 == 0 ? store() : other();
                for (int i = 0; !written.get(); i++) {
                    made.incrementAndGet();
                    long before = shown.get();
                    long version = reads.get(i % reads.size()).applyAsLong(mine);
                    assertThat(version)
                            .as("the version that a read shows, after an earlier one showed %s", before)
                            .isGreaterThanOrEqualTo(before);
                    shown.accumulateAndGet(version, Math::max);
                }
            }
        });
    }

    private void assertSees(String change, long expected, String kbId, ToLongBiFunction<StateStore, String> read) {
        assertSees(change, expected, "KB " + kbId, store -> read.applyAsLong(store, kbId));
    }

    private static long versionFound(StateStore store, String kbId) {
        KbState kb = store.find(List.of(kbId)).get(kbId);
        return kb == null ? -1 : kb.version();
    }

    private static long versionListed(StateStore store, String kbId) {
        return new StoreDriver(store)
                .pass(StoreDriver.all(Set.of(Partitions.of(kbId)), 10)).stream()
                        .mapToLong(KbState::version)
                        .max()
                        .orElse(-1);
    }

    private static long versionRecorded(StateStore store, String kbId) {
        return new StoreDriver(store).recorded(kbId).version();
    }

    private static long versionCounted(StateStore store, String kbId) {
        return new StoreDriver(store)
                .look().recordCounts().stream()
                        .filter(count -> count.partition() == Partitions.of(kbId))
                        .mapToLong(count -> count.version())
                        .max()
                        .orElse(-1);
    }

    private static long number(List<Document> documents) {
        return documents.stream()
                .mapToLong(document -> Long.parseLong(document.json()))
                .max()
                .orElse(-1);
    }
}
