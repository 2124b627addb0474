package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Floors: never above a KB that has no KB record. */
@Checks(Rule.FLOORS)
interface FloorContract extends StoreFixture {

    @Test
    default void floorsStartAtZero() {
        assertThat(kbs().look().floors())
                .as("the floors of an empty store")
                .hasSize(Partitions.COUNT)
                .containsOnly(0L);
    }

    @Test
    default void aFloorRisesWhenNoKbIsBelow() {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        kbs().enroll(2, kbId);
        assertThat(kbs().raise(9, 2)).as("the partitions whose floor rose").containsExactly(9);
        assertThat(other().look(StoreDriver.heartbeat("x", DueFilter.BY_THE_CLOCK, false))
                        .floors()
                        .get(9))
                .as("the floor, as the second handle sees it")
                .isEqualTo(2);
        Items.assertAll("partitions with a raised floor", kbs().raisedTo(2), Set.of(9));
    }

    @Test
    default void aKbBelowHoldsTheFloorOfItsPartitionOnly() {
        String low = StoreDriver.inPartition(9, "kb-", 1).get(0);
        String high = StoreDriver.inPartition(10, "kb-", 1).get(0);
        kbs().enroll(1, low);
        kbs().enroll(2, high);
        Collection<Epoch> epochs = store().openEpochs(Set.of(9, 10, 11)).values();
        assertThat(store().raiseFloors(epochs, 2))
                .as("the partitions whose floor rose; 9 has a KB below")
                .containsExactlyInAnyOrder(10, 11);
        assertThat(kbs().look().floors().subList(9, 13))
                .as("the floors of partitions 9 to 12")
                .containsExactly(0L, 2L, 2L, 0L);
        kbs().advance(low, 1, 2);
        assertThat(kbs().raise(9, 2))
                .as("the partitions whose floor rose after the last KB below had advanced")
                .containsExactly(9);
    }

    @Test
    default void oneKbBelowAmongManyHoldsTheFloor() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 20);
        kbs().enroll(1, kbIds);
        kbIds.subList(1, 20).forEach(kbId -> kbs().advance(kbId, 1, 2));
        assertThat(kbs().raise(9, 2))
                .as("the partitions whose floor rose, although one of 20 KBs is below")
                .isEmpty();
        assertThat(kbs().floor(9))
                .as("the floor of a partition in which one of 20 KBs is below")
                .isZero();
        assertThat(kbs().raise(9, 1))
                .as("the partitions whose floor rose to the lowest version")
                .containsExactly(9);
        assertThat(kbs().floor(9))
                .as("the floor after it rose to the lowest version")
                .isEqualTo(1);
    }

    @Test
    default void aFloorNeverSinks() {
        assertThat(kbs().raise(9, 5)).as("the partitions whose floor rose").containsExactly(9);
        assertThat(kbs().raise(9, 3))
                .as("partitions whose floor is at or above the version")
                .containsExactly(9);
        assertThat(kbs().floor(9))
                .as("the floor after it was to be raised to a lower version")
                .isEqualTo(5);
    }

    @Test
    @Checks(Rule.FENCE)
    default void aStaleEpochRaisesNothing() {
        Collection<Epoch> old = store().openEpochs(Set.of(9, 10)).values();
        other().openEpochs(Set.of(9));
        assertThat(store().raiseFloors(old, 4))
                .as("the partitions whose floor rose; the epoch of 9 is not the newest")
                .containsExactly(10);
        assertThat(kbs().look().floors().subList(9, 11))
                .as("the floors of partitions 9 and 10 after a raise under an old epoch of 9")
                .containsExactly(0L, 4L);
    }

    @Test
    default void anAttemptOnRecordDoesNotHoldTheFloor() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 3);
        kbs().enroll(0, kbIds);
        kbs().done(
                        kbs().failed(kbIds.get(0), 0, 1, 1, "boom", Duration.ofHours(1)),
                        kbs().failed(kbIds.get(1), 0, 1, 1, "boom", null),
                        kbs().checkpointed(kbIds.get(2), 0, 1, "1"));
        assertThat(kbs().raise(9, 1))
                .as("the partitions whose floor rose; all KBs have records")
                .containsExactly(9);
        assertThat(kbs().floor(9))
                .as("the floor of a partition whose KBs all have records")
                .isEqualTo(1);
        Items.assertAll("KBs with a record below the floor", kbs().listed(StoreDriver.all(Set.of(9), 10)), kbIds);
    }

    @Test
    default void aRemovedKbDoesNotHoldTheFloor() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 2);
        kbs().enroll(0, kbIds);
        store().remove(kbIds);
        assertThat(kbs().raise(9, 1))
                .as("the partitions whose floor rose after all KBs were removed")
                .containsExactly(9);
    }

    @Test
    @Checks(Rule.LISTS)
    default void allFloorsRiseInOneCall() {
        kbs().enroll(3, StoreDriver.ids("kb-", 600));
        kbs().enroll(2, StoreDriver.inPartition(200, "low-", 1));
        Collection<Epoch> epochs = store().openEpochs(Partitions.all()).values();
        Items.assertAll("partitions whose floor rose", store().raiseFloors(epochs, 3), allBut(200));
        Items.assertAll("partitions with a raised floor", kbs().raisedTo(3), allBut(200));
    }

    @Test
    default void aKbEnrolledBehindTheFloorIsDueAtOnce() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 3);
        kbs().raise(9, 5);
        kbs().enroll(4, kbIds.get(0));
        kbs().enroll(0, kbIds.get(1));
        kbs().enroll(5, kbIds.get(2));
        assertThat(kbs().recordOf(kbIds.get(0)))
                .as("the record of a KB that was enrolled one version behind the floor")
                .isEqualTo(new KbRecord(5, 0, null, 0, 0, false, false, null));
        assertThat(kbs().recordOf(kbIds.get(1)))
                .as("the record of a KB that was enrolled far behind the floor")
                .isEqualTo(new KbRecord(1, 0, null, 0, 0, false, false, null));
        assertThat(kbs().recordOf(kbIds.get(2)))
                .as("the record of a KB that is not behind")
                .isNull();
        assertThat(kbs().floor(9))
                .as("the floor after KBs were enrolled behind it")
                .isEqualTo(5);
        assertThat(kbs().listed(StoreDriver.due(5, DueFilter.BY_THE_CLOCK, 10)))
                .as("the KBs due that were enrolled behind the floor")
                .containsExactlyInAnyOrder(kbIds.get(0), kbIds.get(1));
    }

    @Test
    default void enrollingBehindSomeFloorsTellsTheKbsApart() {
        List<String> behind = StoreDriver.inPartition(9, "kb-", 4);
        List<String> level = StoreDriver.inPartition(10, "kb-", 4);
        kbs().raise(9, 2);
        kbs().raise(10, 1);
        kbs().enroll(1, behind.get(0));
        List<String> mixed = new ArrayList<>(behind);
        mixed.addAll(level);
        assertThat(store().enroll(mixed, 1))
                .as("the KBs newly enrolled, without the one that was enrolled before")
                .containsExactlyInAnyOrderElementsOf(mixed.subList(1, 8));
        Items.assertAll("KBs found", store().find(mixed).keySet(), mixed);
        assertThat(store().find(mixed).values())
                .as("KBs behind their floor have records, and only they")
                .allSatisfy(kb -> assertThat(kb.record() != null)
                        .as("whether KB %s has a record, which it needs behind its floor and only there", kb.kbId())
                        .isEqualTo(behind.contains(kb.kbId())));
    }

    @Test
    default void aKbThatAdvancesButStaysBehindTheFloorIsDueAtOnce() {
        String kbId = StoreDriver.inPartition(9, "kb-", 1).get(0);
        kbs().raise(9, 5);
        kbs().enroll(2, kbId);
        kbs().advance(kbId, 2, 3);
        assertThat(kbs().state(kbId))
                .as("a KB that advanced, but stays behind the floor")
                .isEqualTo(new KbState(
                        kbId, kbs().incarnation(kbId), 3, new KbRecord(4, 0, null, 0, 0, false, false, null)));
        kbs().advance(kbId, 3, 5);
        assertThat(kbs().recordOf(kbId))
                .as("the record of a KB that has caught up")
                .isNull();
    }

    @Test
    default void aFailingKbThatAdvancesBehindAFloorRaisedMeanwhileIsDueAtOnce() {
        List<String> kbIds = StoreDriver.inPartition(9, "kb-", 3);
        kbs().enroll(0, kbIds);
        kbs().done(
                        kbs().failed(kbIds.get(0), 0, 1, 3, "boom", Duration.ofHours(1)),
                        kbs().failed(kbIds.get(1), 0, 1, 3, "boom", null),
                        kbs().checkpointed(kbIds.get(2), 0, 1, "1"));
        kbs().raise(9, 3);
        kbs().done(kbIds.stream().map(kbId -> kbs().advanced(kbId, 0, 1)).toArray(KbWrite[]::new));
        Items.assertAll("KBs found", store().find(kbIds).keySet(), kbIds);
        assertThat(store().find(kbIds).values())
                .as("KBs that advanced behind the floor are due at once")
                .allSatisfy(kb -> assertThat(kb.record())
                        .as("the record of KB %s, which advanced behind the floor", kb.kbId())
                        .isEqualTo(new KbRecord(2, 0, null, 0, 0, false, false, null)));
        Items.assertAll("KBs due behind the floor", kbs().listed(StoreDriver.due(3, DueFilter.BY_THE_CLOCK, 2)), kbIds);
    }

    private static Set<Integer> allBut(int partition) {
        Set<Integer> others = new HashSet<>(Partitions.all());
        others.remove(partition);
        return others;
    }
}
