package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Overlapping batches that mix several kinds of write, and removals. A store may use special statements for batches in which
 * every KB advances. These tests cover the statements for all other batches.
 */
@Checks(Rule.VERSIONS)
interface MixedWritesContract extends StoreFixture {

    @Test
    default void ofConcurrentAdvancesAmongOtherWritesExactlyOneTakesEffect() throws Exception {
        for (int round = 0; round < 10; round++) {
            String contended = "contended-" + round;
            List<String> own = StoreDriver.ids("own-" + round + "-", StoreConcurrencyContract.THREADS);
            kbs().enroll(0, contended);
            kbs().enroll(0, own);
            Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
            long incarnation = kbs().incarnation(contended);
            List<KbWrite> saved = own.stream()
                    .<KbWrite>map(kbId -> kbs().checkpointed(kbId, 0, 1, "1"))
                    .toList();
            AtomicInteger winners = new AtomicInteger();
            Together.run(StoreConcurrencyContract.THREADS, thread -> {
                StateStore mine = thread % 2 == 0 ? store() : other();
                WriteResult result = mine.write(
                        carried(epochs, List.of(contended, own.get(thread))),
                        List.of(new KbWrite.Advanced(contended, incarnation, 0, thread + 1), saved.get(thread)));
                assertThat(result.exceptions().keySet())
                        .as("the KBs that were not written; only the contended one may be among them")
                        .isSubsetOf(contended);
                winners.addAndGet(result.exceptions().isEmpty() ? 1 : 0);
            });
            assertThat(winners)
                    .as("how many of the overlapping advances of one KB took effect")
                    .hasValue(1);
        }
    }

    /** A record of a KB that no longer exists would count as due forever, and would hold up the fleet. */
    @Test
    @Checks(Rule.RECORDS)
    default void aKbThatIsRemovedWhileItIsWrittenLeavesNothingOnRecord() throws Exception {
        for (int round = 0; round < 30; round++) {
            List<String> kbIds = StoreDriver.ids("removed-" + round + "-", 40);
            kbs().enroll(0, kbIds);
            Map<Integer, Epoch> epochs = store().openEpochs(Partitions.all());
            List<KbWrite> writes = new ArrayList<>();
            for (String kbId : kbIds) {
                writes.add(
                        writes.size() % 2 == 0
                                ? kbs().checkpointed(kbId, 0, 1, "1")
                                : kbs().failed(kbId, 0, 1, 1, "boom", Duration.ZERO));
            }
            Together.run(2, thread -> {
                if (thread == 0) {
                    other().remove(kbIds);
                } else {
                    store().write(carried(epochs, kbIds), writes);
                }
            });
            assertThat(store().find(kbIds))
                    .as("the KBs found after they were removed during a write")
                    .isEmpty();
            assertThat(kbs().look().recordCounts()).as("records of removed KBs").isEmpty();
        }
    }

    @Test
    @Checks(Rule.FLOORS)
    default void aKbThatAdvancesBehindTheFloorAmongOtherWritesIsDueAtOnce() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 3);
        kbs().raise(9, 5);
        kbs().enroll(2, kbIds);
        kbs().done(
                        kbs().advanced(kbIds.get(0), 2, 3),
                        kbs().advanced(kbIds.get(1), 2, 5),
                        kbs().checkpointed(kbIds.get(2), 2, 3, "1"));
        assertThat(kbs().recordOf(kbIds.get(0)))
                .as("the record of a KB that advanced behind the floor among other writes")
                .isEqualTo(new KbRecord(4, 0, null, 0, 0, false, false, null));
        assertThat(kbs().recordOf(kbIds.get(1)))
                .as("the record of a KB that has caught up")
                .isNull();
    }

    /** A floor may rise above a KB that has a record. Deleting the record requires the floor as it is at that moment. */
    @Test
    @Checks(Rule.FLOORS)
    default void aFailingKbThatAdvancesWhileTheFloorRisesIsNotLost() throws Exception {
        for (int round = 0; round < 40; round++) {
            long low = 2L * round;
            List<String> kbIds = StoreDriver.inPartition(9, "round-" + round + "-", 21);
            kbs().enroll(low, kbIds);
            kbs().done(kbIds.stream()
                    .map(kbId -> kbs().failed(kbId, low, low + 1, 1, "boom", Duration.ZERO))
                    .toArray(KbWrite[]::new));
            Epoch epoch = kbs().epoch(9);
            List<KbWrite> writes = new ArrayList<>();
            kbIds.subList(1, 21).forEach(kbId -> writes.add(kbs().advanced(kbId, low, low + 1)));
            if (round % 2 == 0) {
                writes.add(kbs().checkpointed(kbIds.get(0), low, low + 1, "1"));
            }
            Together.run(2, thread -> {
                if (thread == 0) {
                    other().raiseFloors(List.of(epoch), low + 2);
                } else {
                    assertThat(store().write(List.of(epoch), writes))
                            .as("the result of a write during a raise of the floor")
                            .isEqualTo(WriteResult.ALL_DONE);
                }
            });
            long floor = kbs().floor(9);
            assertThat(store().find(kbIds).values())
                    .as("KBs at or above the floor %d or with a record, round %d", floor, round)
                    .allMatch(kb -> kb.version() >= floor || kb.record() != null);
            store().remove(kbIds);
            kbs().raise(9, low + 2);
        }
    }

    private static Collection<Epoch> carried(Map<Integer, Epoch> epochs, List<String> kbIds) {
        Set<Integer> partitions = kbIds.stream().map(Partitions::of).collect(Collectors.toSet());
        return partitions.stream()
                .map(partition -> StoreDriver.entry(epochs, partition))
                .toList();
    }
}
