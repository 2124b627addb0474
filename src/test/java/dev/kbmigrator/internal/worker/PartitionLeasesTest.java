package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.support.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** How partitions are acquired and given back, without a worker around it. */
class PartitionLeasesTest {

    private static final int NUMBER = OnePartition.NUMBER;

    private final WorkerFixture replica = new WorkerFixture();
    private final ScriptedStore store = replica.store;
    private final PartitionLeases leases = replica.leases();
    private final List<PartitionScan> scans = new ArrayList<>();

    private Set<Integer> lookAndTake() {
        replica.look();
        return replica.queue.take();
    }

    /** Scans what the queue has; all pages have come. */
    private PartitionScan scan() {
        return scan(lookAndTake());
    }

    private PartitionScan scan(Set<Integer> partitions) {
        PartitionScan scan = replica.scan(partitions);
        scans.add(scan);
        return scan;
    }

    /** One KB in each of four partitions; two of these are taken together. */
    private PartitionScan scanOfTwo() {
        enrollInFour();
        PartitionScan scan = scan();
        assertThat(scan.held).containsOnlyKeys(0, 1);
        return scan;
    }

    private void enrollInFour() {
        OnePartition.enroll(
                IntStream.range(0, 4)
                        .mapToObj(partition -> OnePartition.kbsOf(partition, 1).get(0))
                        .toList(),
                replica.config);
    }

    /** All that is available after the next look. */
    private Set<Integer> available() {
        replica.look();
        Set<Integer> available = new TreeSet<>();
        while (replica.queue.hasAvailable()) {
            available.addAll(replica.queue.take());
        }
        return available;
    }

    /** The first KB of each partition of the scan has reached the goal. */
    private void complete(PartitionScan scan) {
        scan.held.forEach((partition, held) -> store.write(
                Set.of(held.scope().epoch()),
                List.of(Writes.advanced(store, OnePartition.kbsOf(partition, 1).get(0), 0, 2))));
    }

    /** A second KB of the partition is enrolled, below everything else. */
    private void enrollAnother(int partition) {
        store.enroll(List.of(OnePartition.kbsOf(partition, 2).get(1)), 0);
    }

    private boolean isFree(int partition) {
        return replica.isFree(partition);
    }

    @Nested
    class Acquiring {

        private final List<HeldScope> lost = new ArrayList<>();

        private Map<Integer, HeldPartition> acquire() {
            return leases.acquire(lookAndTake(), lost::add);
        }

        @Test
        void whatIsFreeIsHeldUnderANewEpoch() {
            replica.enroll(1);
            Map<Integer, HeldPartition> held = acquire();
            assertThat(held).containsOnlyKeys(NUMBER);
            assertThat(held.values())
                    .extracting(partition -> partition.scope().epoch())
                    .containsExactly(new Epoch(NUMBER, 1));
            assertThat(isFree(NUMBER)).isFalse();
            assertThat(replica.queue.isContended()).isFalse();
            assertThat(available()).as("it is still held").isEmpty();
        }

        @Test
        void whatOthersHoldCanBeTriedAgain() {
            enrollInFour();
            assertThat(isFree(0)).as("until now").isTrue();
            assertThat(acquire()).containsOnlyKeys(1);
            assertThat(replica.queue.isContended()).isTrue();
            assertThat(available()).containsExactly(0, 2, 3);
        }

        @Test
        void oneWhoseEpochCannotBeOpenedIsReleasedAtOnce() {
            replica.enroll(1);
            store.openingFails = true;
            assertThatThrownBy(this::acquire).hasMessage("the store is down");
            assertThat(isFree(NUMBER)).isTrue();
            assertThat(available()).containsExactly(NUMBER);
        }

        @Test
        void nothingIsHeldIfTheLeaseRanOutWhileTheEpochWasOpened() {
            replica.enroll(1);
            store.openingTakes = FrozenEnvironment.TTL.dividedBy(3).multipliedBy(2);
            assertThat(acquire()).isEmpty();
            assertThat(replica.environment.started.size()).as("nothing is kept").isZero();
            assertThat(isFree(NUMBER)).isTrue();
        }

        @Test
        void aLossIsTold() {
            replica.enroll(1);
            HeldScope scope = acquire().values().iterator().next().scope();
            replica.keeper.lose(scope, "a test");
            assertThat(lost).containsExactly(scope);
        }
    }

    @Nested
    class GivingBack {

        @Test
        void whatWasTakenTogetherIsGivenBackTogether() {
            HeldPartition slow = WorkerFixture.held(scanOfTwo(), 1);
            slow.begin("kb");
            leases.giveBack(scans);
            assertThat(isFree(0)).isFalse();
            slow.dropped("kb");
            leases.giveBack(scans);
            assertThat(isFree(0)).isTrue();
            assertThat(isFree(1)).isTrue();
            assertThat(scans).isEmpty();
        }

        @Test
        void aSlowKbHoldsTheOthersUpForASecondOnly() {
            replica.environment.pass(Duration.ofMinutes(1));
            PartitionScan scan = scanOfTwo();
            WorkerFixture.held(scan, 1).begin("kb");
            replica.environment.pass(Duration.ofSeconds(1));
            leases.giveBack(scans);
            assertThat(isFree(0)).isFalse();
            replica.environment.pass(Duration.ofNanos(1));
            leases.giveBack(scans);
            assertThat(isFree(0)).isTrue();
            assertThat(isFree(1)).isFalse();
            assertThat(scan.held).containsOnlyKeys(1);
            assertThat(scans).containsExactly(scan);
        }

        @Test
        void whileAPageIsToComeNothingIsGivenBack() {
            PartitionScan scan = scanOfTwo();
            scan.next = replica.page(Set.of(0, 1));
            replica.environment.pass(Duration.ofSeconds(2));
            leases.giveBack(scans);
            assertThat(isFree(0)).isFalse();
            assertThat(scan.held).hasSize(2);
        }

        @Test
        void aReplicaThatStopsGivesBackWhatIsQuietAtOnce() {
            WorkerFixture.held(scanOfTwo(), 1).begin("kb");
            replica.queue.stop();
            leases.giveBack(scans);
            assertThat(isFree(0)).isTrue();
            assertThat(isFree(1)).isFalse();
            assertThat(store.raised).as("not everything was done").isEmpty();
        }

        @Test
        void aLeaseUnderWhichSomethingMayStillRunIsNotGivenBack() {
            PartitionScan scan = scanOfTwo();
            WorkerFixture.held(scan, 1).scope().leaveToExpire();
            leases.giveBack(scans);
            assertThat(isFree(0)).isTrue();
            assertThat(isFree(1)).isFalse();
            assertThat(scan.held).containsOnlyKeys(1);
        }

        @Test
        void eachScanIsGivenBackByItself() {
            PartitionScan first = scanOfTwo();
            first.next = replica.page(Set.of(0, 1));
            PartitionScan second = scan();
            assertThat(second.held).containsOnlyKeys(2);
            leases.giveBack(scans);
            assertThat(scans).containsExactly(first);
            assertThat(isFree(2)).isTrue();
        }
    }

    @Nested
    class Floors {

        private final PartitionScan scan = enrolled();
        private final HeldPartition held = WorkerFixture.held(scan, NUMBER);

        private PartitionScan enrolled() {
            replica.enroll(1);
            return scan();
        }

        @Test
        void aFloorIsRaisedToTheGoal() {
            complete(scan);
            leases.giveBack(scans);
            assertThat(store.raised).containsExactly(2L);
            assertThat(replica.queue.unfinishable()).isEmpty();
            assertThat(scan.raised).isTrue();
            assertThat(available()).isEmpty();
            enrollAnother(NUMBER);
            assertThat(available())
                    .as("progress was made, so it does not stay away")
                    .containsExactly(NUMBER);
        }

        @Test
        void aFloorStaysWhereAKbWasSkipped() {
            held.skip();
            leases.giveBack(scans);
            assertThat(store.raised).isEmpty();
            assertThat(replica.queue.unfinishable()).containsExactly(NUMBER);
            assertThat(isFree(NUMBER)).isTrue();
            assertThat(available()).as("nothing could be done there").isEmpty();
            replica.environment.pass(Duration.ofMillis(200));
            assertThat(available()).containsExactly(NUMBER);
        }

        @Test
        void whereSomethingMovedItComesBackAtOnce() {
            held.skip();
            held.progressed();
            leases.giveBack(scans);
            assertThat(replica.queue.unfinishable()).containsExactly(NUMBER);
            assertThat(available()).containsExactly(NUMBER);
        }

        @Test
        void aFloorThatIsThereIsNotRaisedAgain() {
            complete(scan);
            store.raiseFloors(List.of(held.scope().epoch()), 2);
            store.raised.clear();
            store.thorough = false;
            replica.look();
            leases.giveBack(scans);
            assertThat(store.raised).isEmpty();
            assertThat(isFree(NUMBER)).isTrue();
            store.thorough = true;
            enrollAnother(NUMBER);
            assertThat(available()).as("nothing was done there").isEmpty();
        }

        @Test
        void ifTheStoreFailsNothingIsGivenBackYet() {
            store.raisingFails = true;
            assertThatThrownBy(() -> leases.giveBack(scans)).hasMessage("the store is down again");
            assertThat(isFree(NUMBER)).isFalse();
            store.raisingFails = false;
            leases.giveBack(scans);
            assertThat(isFree(NUMBER)).isTrue();
            assertThat(store.raised).containsExactly(2L);
        }
    }

    @Test
    void onlyWhereTheFloorWasRaisedThereWasProgress() {
        complete(scanOfTwo());
        store.openEpochs(Set.of(0));
        leases.giveBack(scans);
        enrollAnother(0);
        enrollAnother(1);
        assertThat(available()).as("another replica has partition 0").containsExactly(1, 2, 3);
    }

    @Nested
    class LostPartitions {

        @Test
        void oneLeavesOnceItIsQuietAndWhatIsLeftOfItsLeaseIsReleased() {
            replica.enroll(1);
            PartitionScan scan = scan();
            HeldPartition held = WorkerFixture.held(scan, NUMBER);
            held.begin("kb");
            replica.keeper.lose(held.scope(), "a test");
            leases.giveBack(scans);
            assertThat(scan.held).containsOnlyKeys(NUMBER);
            assertThat(isFree(NUMBER)).isFalse();
            held.dropped("kb");
            leases.giveBack(scans);
            assertThat(scans).isEmpty();
            assertThat(isFree(NUMBER)).isTrue();
            assertThat(store.raised).isEmpty();
            assertThat(available()).isEmpty();
            replica.environment.pass(Duration.ofMillis(200));
            assertThat(available()).containsExactly(NUMBER);
        }

        @Test
        void oneUnderWhichSomethingMayStillRunExpiresByItself() {
            replica.enroll(1);
            HeldPartition held = WorkerFixture.held(scan(), NUMBER);
            held.scope().leaveToExpire();
            replica.keeper.lose(held.scope(), "a test");
            leases.giveBack(scans);
            assertThat(scans).isEmpty();
            assertThat(isFree(NUMBER)).isFalse();
        }

        @Test
        void theOthersOfTheScanStay() {
            PartitionScan scan = scanOfTwo();
            scan.next = replica.page(Set.of(0, 1));
            replica.keeper.lose(WorkerFixture.held(scan, 0).scope(), "a test");
            leases.giveBack(scans);
            assertThat(scan.held).containsOnlyKeys(1);
            assertThat(isFree(1)).isFalse();
        }
    }

    /** The number of workers that are wanted for 256 partitions tells what was learnt. */
    @Nested
    class Density {

        private int wantedWorkers() {
            replica.queue.update(replica.environment.view(1, 0, FrozenEnvironment.floors(256), List.of(), List.of()));
            replica.queue.learnRate(1, 9, 0);
            return replica.queue.wantedWorkers();
        }

        private void giveBackAfter(PartitionScan scan, int kbs, Integer... found) {
            scan.kbs = kbs;
            List.of(found).forEach(scan.found::set);
            leases.giveBack(scans);
        }

        @Test
        void itIsLearntFromThePartitionsInWhichThereWasSomethingToDo() {
            PartitionScan scan = scanOfTwo();
            complete(scan);
            giveBackAfter(scan, 16, 0, 1);
            assertThat(wantedWorkers()).as("for 256 times eight").isEqualTo(2);
        }

        @Test
        void itIsLearntOnlyOnceAllIsGivenBack() {
            PartitionScan scan = scanOfTwo();
            complete(scan);
            WorkerFixture.held(scan, 1).begin("kb");
            replica.environment.pass(Duration.ofSeconds(2));
            giveBackAfter(scan, 16, 0, 1);
            assertThat(wantedWorkers()).as("nothing is known").isEqualTo(1);
            WorkerFixture.held(scan, 1).dropped("kb");
            leases.giveBack(scans);
            assertThat(wantedWorkers()).isEqualTo(2);
        }

        @Test
        void aPartitionThatWasNotScannedToItsEndTellsNothing() {
            PartitionScan scan = scanOfTwo();
            complete(scan);
            scan.held.values().forEach(HeldPartition::skip);
            giveBackAfter(scan, 16, 0, 1);
            assertThat(wantedWorkers()).isEqualTo(1);
        }

        @Test
        void aPartitionThatOthersHaveDealtWithTellsNothing() {
            replica.queue.learnDensity(1, 4_096);
            PartitionScan scan = scanOfTwo();
            complete(scan);
            giveBackAfter(scan, 0);
            assertThat(store.raised).as("it was scanned").isNotEmpty();
            assertThat(wantedWorkers()).isEqualTo(4);
        }
    }
}
