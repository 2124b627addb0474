package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Of a replica whose workers are known by the signals that wake them. */
class PartitionQueueTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Flag loop = new FrozenEnvironment.Flag();
    private PartitionQueue queue = newQueue();

    private PartitionQueue newQueue() {
        EngineConfig config =
                environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started);
        return new PartitionQueue(config.concurrency(), config.timings(), environment, loop);
    }

    private FleetView view(int duePartitions, boolean paused, List<ReplicaState> replicas) {
        FleetView seen = environment.view(1, 0, FrozenEnvironment.floors(duePartitions), List.of(), replicas);
        return new FleetView(
                seen.snapshot(),
                seen.takenAt(),
                seen.state(),
                seen.comparison(),
                new ControlDocument(paused, ""),
                seen.goal(),
                seen.requests(),
                seen.damage(),
                seen.unseenFor(),
                seen.longestBackoff());
    }

    /** Takes until nothing is available; returns how many partitions there were. */
    private int takeAll() {
        int taken = 0;
        while (queue.hasAvailable()) {
            taken += queue.take().size();
        }
        return taken;
    }

    private static FrozenEnvironment.Flag worker() {
        return new FrozenEnvironment.Flag();
    }

    private void see(int duePartitions) {
        queue.update(view(duePartitions, false, List.of()));
    }

    @Test
    void thereIsNothingToTakeBeforeTheFirstLook() {
        assertThat(queue.take()).isEmpty();
        assertThat(queue.isHalted()).isFalse();
    }

    @Test
    void theFirstTakeIsSmallAndTheNextAreTwiceAsLarge() {
        see(256);
        assertThat(queue.take()).hasSize(8);
        assertThat(queue.take()).hasSize(16);
        assertThat(queue.take()).hasSize(32);
        assertThat(takeAll()).isEqualTo(200);
    }

    @Test
    void aTakeIsARunOfNeighboursFromARandomPlaceOn() {
        see(256);
        environment.chance(252);
        assertThat(queue.take()).containsExactlyInAnyOrder(252, 253, 254, 255, 0, 1, 2, 3);
        assertThat(queue.take()).contains(4, 19).doesNotContain(20).hasSize(16);
    }

    @Test
    void whatIsTakenIsAvailableAgainOnceGivenBackAndSeen() {
        see(2);
        assertThat(queue.take()).containsExactly(0);
        see(2);
        assertThat(queue.take()).containsExactly(1);
        assertThat(queue.hasAvailable()).isFalse();
        queue.fruitful(Set.of(0));
        queue.contended(Set.of(1));
        assertThat(queue.hasAvailable()).isFalse();
        see(2);
        assertThat(takeAll()).isEqualTo(2);
    }

    @Test
    void nobodyTakesMoreThanHalfOfAnEqualShareOfWhatIsLeft() {
        see(8);
        assertThat(queue.take()).hasSize(4);
        assertThat(queue.take()).hasSize(2);
        assertThat(queue.take()).hasSize(1);
        assertThat(queue.take()).hasSize(1);
        assertThat(queue.take()).isEmpty();
    }

    @Test
    void replicasThatWereSeenRecentlyGetTheirShare() {
        Duration tooLong = Duration.ofHours(5);
        queue.update(view(
                16,
                false,
                List.of(
                        FrozenEnvironment.replica(1, Duration.ZERO),
                        FrozenEnvironment.replica(2, Duration.ofHours(1)),
                        FrozenEnvironment.replica(3, tooLong))));
        assertThat(queue.take()).hasSize(4);
    }

    @Test
    void aRateThatTellsNothingIsNotLearnt() {
        see(256);
        queue.learnDensity(1, 100);
        queue.learnRate(500, TimeUnit.SECONDS.toNanos(1), 0);
        queue.learnRate(0, TimeUnit.SECONDS.toNanos(1), 0);
        assertThat(queue.take()).hasSize(5);
        queue.learnRate(1, 0, 0);
        assertThat(queue.take()).hasSize(5);
    }

    @Test
    void withOneWriterASecondWorkerReadsMeanwhile() {
        environment.storeConcurrency = 1;
        queue = newQueue();
        see(256);
        queue.learnDensity(1, 1_000_000);
        assertThat(queue.wantedWorkers()).as("not known to be of use").isEqualTo(1);
        queue.learnRate(1, 2, 0);
        assertThat(queue.wantedWorkers()).isEqualTo(2);
        assertThat(queue.beginWriting()).isTrue();
        assertThat(queue.beginWriting()).isFalse();
        queue.endWriting();
        assertThat(queue.beginWriting()).isTrue();
    }

    @Test
    void theLoopIsWokenWhenMoreWorkersAreWanted() {
        see(0);
        queue.workerStarted(worker());
        queue.learnDensity(1, 1_024);
        queue.learnRate(1, 5, 1);
        assertThat(loop.lower()).as("nobody else has anything to take").isFalse();
        see(2);
        queue.learnRate(1, 4, 1);
        assertThat(loop.lower()).as("this one leaves no thread free").isFalse();
        queue.learnRate(1, 5, 1);
        assertThat(loop.lower()).isTrue();
        queue.learnRate(1, 5, 1);
        assertThat(loop.lower()).as("nobody came yet").isTrue();
        queue.workerStarted(worker());
        queue.learnRate(1, 9, 1);
        assertThat(loop.lower())
                .as("two are enough, however often it turns out")
                .isFalse();
    }

    @Test
    void whereNothingCouldBeDoneItStaysAwayTwiceAsLongEachTime() {
        see(1);
        for (int millis : new int[] {200, 400, 800}) {
            queue.fruitless(queue.take());
            environment.pass(Duration.ofMillis(millis - 1));
            see(1);
            assertThat(queue.hasAvailable()).as("after %s ms", millis - 1).isFalse();
            environment.pass(Duration.ofMillis(1));
            see(1);
            assertThat(queue.hasAvailable()).as("after %s ms", millis).isTrue();
        }
        queue.fruitful(queue.take());
        see(1);
        queue.fruitless(queue.take());
        environment.pass(Duration.ofMillis(200));
        see(1);
        assertThat(queue.hasAvailable()).as("progress begins anew").isTrue();
    }

    @Test
    void whatOthersHoldIsRememberedForTwoLooksTime() {
        environment.pass(FrozenEnvironment.ACTIVE_LOOK);
        see(1);
        queue.contended(Set.of());
        assertThat(queue.isContended()).isFalse();
        queue.contended(queue.take());
        see(1);
        environment.pass(FrozenEnvironment.ACTIVE_LOOK.multipliedBy(2).minusNanos(1));
        see(1);
        assertThat(queue.isContended()).isTrue();
        environment.pass(Duration.ofNanos(1));
        assertThat(queue.isContended()).isFalse();
    }

    @Test
    void nothingIsTakenWhilePaused() {
        see(1);
        assertThat(queue.isHalted()).isFalse();
        queue.update(view(1, true, List.of()));
        assertThat(queue.hasAvailable()).isFalse();
        assertThat(queue.isHalted()).isTrue();
        assertThat(queue.isStopping()).isFalse();
    }

    @Test
    void nothingIsTakenOnceItStops() {
        see(1);
        queue.stop();
        assertThat(loop.isRaised()).isTrue();
        assertThat(queue.hasAvailable()).isFalse();
        see(1);
        assertThat(queue.hasAvailable()).isFalse();
        assertThat(queue.take()).isEmpty();
        assertThat(queue.isHalted()).isTrue();
        assertThat(queue.isStopping()).isTrue();
    }

    @Test
    void aNewViewAndTheEndWakeTheWorkers() {
        see(1);
        FrozenEnvironment.Flag signal = worker();
        queue.workerStarted(signal);
        assertThat(signal.isRaised()).isFalse();
        see(1);
        assertThat(signal.lower()).as("by a view").isTrue();
        queue.wakeWorkers();
        assertThat(signal.lower()).as("by the pool").isTrue();
        queue.stop();
        assertThat(signal.lower()).as("by the end").isTrue();
    }

    @Test
    void theLastWorkerToEndWakesTheLoopIfSomethingHasChanged() {
        see(2);
        FrozenEnvironment.Flag one = worker();
        FrozenEnvironment.Flag other = worker();
        queue.workerStarted(one);
        queue.workerStarted(other);
        assertThat(queue.workers()).isEqualTo(2);
        queue.fruitful(Set.of());
        queue.workerEnded(one);
        queue.workerEnded(other);
        assertThat(loop.isRaised()).isFalse();
        queue.workerStarted(one);
        queue.workerStarted(other);
        queue.fruitful(queue.take());
        queue.workerEnded(one);
        assertThat(loop.isRaised()).isFalse();
        queue.workerEnded(other);
        assertThat(loop.isRaised()).isTrue();
        assertThat(queue.workers()).isZero();
    }

    private FrozenEnvironment.Flag secondOfTwo() {
        see(2);
        FrozenEnvironment.Flag second = worker();
        queue.workerStarted(worker());
        queue.workerStarted(second);
        return second;
    }

    @Test
    void allWorkersUseTheThreadsTogether() {
        FrozenEnvironment.Flag second = secondOfTwo();
        queue.learnRate(1, 6, 1);
        assertThat(queue.isWanted(second)).as("a third of the time").isFalse();
        queue.learnRate(1, 9, 1);
        assertThat(queue.isWanted(second)).as("less than a quarter").isTrue();
    }

    @Test
    void theMoreThreadsThereAreTheMoreOfThemAreFree() {
        environment.kbConcurrency = 4;
        queue = newQueue();
        FrozenEnvironment.Flag second = secondOfTwo();
        queue.learnRate(1, 3, 1);
        assertThat(queue.isWanted(second))
                .as("a sixth of the threads is in use")
                .isTrue();
    }

    @Test
    void whatIsDueIsSplitAmongTheWorkers() {
        see(16);
        IntStream.range(0, 2).forEach(i -> queue.workerStarted(worker()));
        assertThat(queue.take()).hasSize(4);
    }

    @Test
    void whatCannotBeFinishedIsRemembered() {
        queue.cannotFinish(Set.of(3));
        queue.cannotFinish(Set.of(5));
        assertThat(queue.unfinishable()).containsExactlyInAnyOrder(3, 5);
    }

    @Test
    void whatIsDuePerPartitionTellsHowManyWorkersAreWanted() {
        assertThat(queue.wantedWorkers()).isZero();
        see(256);
        queue.learnDensity(1, 8);
        queue.learnRate(1, 2, 0);
        assertThat(queue.wantedWorkers()).isEqualTo(2);
        see(0);
        assertThat(queue.wantedWorkers()).isZero();
    }

    @Test
    void onlyTheFirstWorkerIsWantedUntilThreadsAreFree() {
        FrozenEnvironment.Flag second = secondOfTwo();
        assertThat(queue.isWanted(second)).isFalse();
        assertThat(queue.isWanted(worker())).as("one that has not started").isTrue();
    }

    @Test
    void completedKbPartsAreCounted() {
        assertThat(queue.completedCount()).isZero();
        queue.completed();
        queue.completed();
        assertThat(queue.completedCount()).isEqualTo(2);
    }

    @Test
    void aWorkerThatMayNotWriteIsWokenOnceAnotherHasWritten() {
        environment.storeConcurrency = 1;
        queue = newQueue();
        FrozenEnvironment.Flag signal = worker();
        queue.workerStarted(signal);
        assertThat(queue.beginWriting()).isTrue();
        queue.endWriting();
        assertThat(signal.lower()).as("nobody had to wait").isFalse();
        queue.beginWriting();
        assertThat(queue.beginWriting()).isFalse();
        queue.endWriting();
        assertThat(signal.lower()).isTrue();
        queue.beginWriting();
        queue.endWriting();
        assertThat(signal.lower()).as("woken once").isFalse();
    }

    @Test
    void theLastWorkerOfAStoppingReplicaWakesTheLoop() {
        FrozenEnvironment.Flag signal = worker();
        queue.workerStarted(signal);
        queue.stop();
        loop.lower();
        queue.workerEnded(signal);
        assertThat(loop.isRaised()).isTrue();
    }
}
