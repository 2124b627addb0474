package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PartitionQueueTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Flag loop = new FrozenEnvironment.Flag();
    private PartitionQueue board = newBoard();

    private PartitionQueue newBoard() {
        return new PartitionQueue(
                environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started),
                loop);
    }

    private FleetView view(int duePartitions, boolean paused, List<ReplicaState> replicas) {
        FleetView seen = environment.view(1, 0, FrozenEnvironment.floors(duePartitions), List.of(), replicas);
        return new FleetView(
                seen.snapshot(),
                seen.takenAt(),
                seen.state(),
                seen.knowledge(),
                seen.control(),
                paused,
                seen.goal(),
                seen.requests());
    }

    private void see(int duePartitions) {
        board.update(view(duePartitions, false, List.of()));
    }

    @Test
    void thereIsNothingToTakeBeforeTheFirstLook() {
        assertThat(board.take()).isEmpty();
        assertThat(board.viewOrNull()).isNull();
        assertThatThrownBy(board::view).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theFirstTakeIsSmallAndTheNextAreTwiceAsLarge() {
        see(256);
        assertThat(board.take()).hasSize(8);
        assertThat(board.take()).hasSize(16);
        assertThat(board.take()).hasSize(32);
        assertThat(board.candidates()).isEqualTo(200);
    }

    @Test
    void aTakeIsARunOfNeighboursFromARandomPlaceOn() {
        see(256);
        environment.chance(252);
        assertThat(board.take()).containsExactlyInAnyOrder(252, 253, 254, 255, 0, 1, 2, 3);
        assertThat(board.take()).contains(4, 19).doesNotContain(20).hasSize(16);
    }

    @Test
    void whatIsTakenIsNotThereUntilItIsGivenBackAndSeenAgain() {
        see(2);
        assertThat(board.take()).containsExactly(0);
        see(2);
        assertThat(board.take()).containsExactly(1);
        assertThat(board.hasCandidates()).isFalse();
        board.fruitful(Set.of(0));
        board.contended(Set.of(1));
        assertThat(board.candidates()).isZero();
        see(2);
        assertThat(board.candidates()).isEqualTo(2);
    }

    @Test
    void nobodyTakesMoreThanHalfOfAnEqualShareOfWhatIsLeft() {
        see(8);
        assertThat(board.take()).hasSize(4);
        assertThat(board.take()).hasSize(2);
        assertThat(board.take()).hasSize(1);
        assertThat(board.take()).hasSize(1);
        assertThat(board.take()).isEmpty();
    }

    @Test
    void replicasThatWereSeenLatelyGetTheirShare() {
        Duration tooLong = Duration.ofHours(5);
        board.update(view(
                16,
                false,
                List.of(
                        FrozenEnvironment.replica(1, Duration.ZERO),
                        FrozenEnvironment.replica(2, Duration.ofHours(1)),
                        FrozenEnvironment.replica(3, tooLong))));
        assertThat(board.take()).hasSize(4);
    }

    @Test
    void nobodyTakesMoreKbsThanAFewThousand() {
        see(256);
        board.learnDensity(1, 16_384 / 3);
        assertThat(board.take()).hasSize(3);
    }

    @Test
    void nobodyTakesMoreThanCanBeDoneInASecond() {
        see(256);
        board.learnDensity(2, 200);
        board.learnRate(1_000, TimeUnit.SECONDS.toNanos(2), 0);
        assertThat(board.take()).hasSize(5);
    }

    @Test
    void whatWasLearntBeforeCountsForHalfBecauseAMomentSaysLittle() {
        see(256);
        board.learnDensity(1, 100);
        board.learnRate(700, TimeUnit.SECONDS.toNanos(1), 0);
        board.learnRate(100, TimeUnit.SECONDS.toNanos(1), 0);
        assertThat(board.take()).hasSize(4);
    }

    @Test
    void aRateThatSaysNothingIsNotLearnt() {
        see(256);
        board.learnDensity(1, 100);
        board.learnRate(500, TimeUnit.SECONDS.toNanos(1), 0);
        board.learnRate(0, TimeUnit.SECONDS.toNanos(1), 0);
        assertThat(board.take()).hasSize(5);
        board.learnRate(1, 0, 0);
        assertThat(board.take()).hasSize(5);
    }

    @Test
    void aThousandKbsAreTakenEvenWhenThatIsMoreThanAShare() {
        see(6);
        board.learnDensity(1, 256);
        assertThat(board.take()).hasSize(4);
    }

    @Test
    void densitiesAreAveraged() {
        see(256);
        board.learnDensity(1, 8);
        board.learnRate(1, 2, 0);
        assertThat(board.wantedWorkers()).isEqualTo(2);
        board.learnDensity(1, 16);
        assertThat(board.wantedWorkers()).isEqualTo(3);
    }

    @Test
    void withOneWriterASecondWorkerReadsMeanwhile() {
        environment.storeConcurrency = 1;
        board = newBoard();
        see(256);
        board.learnDensity(1, 1_000_000);
        assertThat(board.wantedWorkers()).as("not known to be of use").isEqualTo(1);
        board.learnRate(1, 2, 0);
        assertThat(board.wantedWorkers()).isEqualTo(2);
        assertThat(board.beginWriting()).isTrue();
        assertThat(board.beginWriting()).isFalse();
        board.endWriting();
        assertThat(board.beginWriting()).isTrue();
    }

    @Test
    void oneWorkerIsWantedUntilItIsKnownThatSeveralCanDoMore() {
        assertThat(board.wantedWorkers()).isZero();
        see(256);
        board.learnRate(1, 2, 0);
        assertThat(board.wantedWorkers())
                .as("how much there is to do is not known")
                .isEqualTo(1);
        board.learnDensity(1, 4);
        assertThat(board.wantedWorkers()).as("one worker can do it").isEqualTo(1);
        board.learnDensity(1, 1_000_000);
        assertThat(board.wantedWorkers()).isEqualTo(FrozenEnvironment.STORE_CONCURRENCY);
        board.learnRate(1, 2, 1);
        assertThat(board.wantedWorkers())
                .as("the slot is in use for half of the time")
                .isEqualTo(1);
    }

    @Test
    void aWorkerThatLeavesSlotsFreeMakesRoomForAsManyAsAreWanted() {
        see(0);
        board.workerStarted(worker());
        board.learnDensity(1, 1_024);
        board.learnRate(1, 5, 1);
        assertThat(loop.lower()).as("nobody else has anything to take").isFalse();
        see(2);
        board.learnRate(1, 4, 1);
        assertThat(loop.lower()).as("this one leaves no slot free").isFalse();
        board.learnRate(1, 5, 1);
        assertThat(loop.lower()).isTrue();
        board.learnRate(1, 5, 1);
        assertThat(loop.lower()).as("nobody came yet").isTrue();
        board.workerStarted(worker());
        board.learnRate(1, 9, 1);
        assertThat(loop.lower())
                .as("two are enough, however often it turns out")
                .isFalse();
    }

    @Test
    void whereNothingCouldBeDoneOneStaysAwayForTwiceAsLongEachTime() {
        see(1);
        for (int millis : new int[] {200, 400, 800}) {
            board.fruitless(board.take());
            environment.pass(Duration.ofMillis(millis - 1));
            see(1);
            assertThat(board.hasCandidates()).as("after %s ms", millis - 1).isFalse();
            environment.pass(Duration.ofMillis(1));
            see(1);
            assertThat(board.hasCandidates()).as("after %s ms", millis).isTrue();
        }
        board.fruitful(board.take());
        see(1);
        board.fruitless(board.take());
        environment.pass(Duration.ofMillis(200));
        see(1);
        assertThat(board.hasCandidates()).as("progress begins anew").isTrue();
    }

    @Test
    void whatOthersHoldIsRememberedForTwoLooksTime() {
        environment.pass(FrozenEnvironment.ACTIVE_LOOK);
        see(1);
        board.contended(Set.of());
        assertThat(board.isContended()).isFalse();
        board.contended(board.take());
        see(1);
        environment.pass(FrozenEnvironment.ACTIVE_LOOK.multipliedBy(2).minusNanos(1));
        see(1);
        assertThat(board.isContended()).isTrue();
        environment.pass(Duration.ofNanos(1));
        assertThat(board.isContended()).isFalse();
    }

    @Test
    void anOlderViewChangesNothing() {
        FleetView older = view(1, false, List.of());
        environment.pass(Duration.ofSeconds(1));
        see(2);
        board.update(older);
        assertThat(board.candidates()).isEqualTo(2);
        assertThat(board.view()).isNotSameAs(older);
    }

    @Test
    void nothingIsTakenWhilePaused() {
        see(1);
        assertThat(board.isHalted()).isFalse();
        board.update(view(1, true, List.of()));
        assertThat(board.candidates()).isZero();
        assertThat(board.isHalted()).isTrue();
        assertThat(board.isStopping()).isFalse();
    }

    @Test
    void nothingIsTakenOnceItStops() {
        see(1);
        board.stop();
        assertThat(loop.isRaised()).isTrue();
        assertThat(board.candidates()).isZero();
        see(1);
        assertThat(board.candidates()).isZero();
        assertThat(board.take()).isEmpty();
        assertThat(board.isHalted()).isTrue();
        assertThat(board.isStopping()).isTrue();
    }

    private Worker worker() {
        EngineConfig config =
                environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started);
        ExecutionPool slots = new ExecutionPool(config, () -> {});
        return new Worker(config, board, slots, new LeaseKeeper(config, slots));
    }

    private FrozenEnvironment.Flag latestSignal() {
        return environment.signals.get(environment.signals.size() - 1);
    }

    @Test
    void aNewViewAndTheEndWakeTheWorkers() {
        see(1);
        board.workerStarted(worker());
        FrozenEnvironment.Flag signal = latestSignal();
        assertThat(signal.isRaised()).isFalse();
        see(1);
        assertThat(signal.lower()).as("by a view").isTrue();
        board.wakeWorkers();
        assertThat(signal.lower()).as("by the slots").isTrue();
        board.stop();
        assertThat(signal.lower()).as("by the end").isTrue();
    }

    @Test
    void theLoopIsWokenWhenSomebodySaysThatSomethingHasChanged() {
        board.wakeLoop();
        assertThat(loop.isRaised()).isTrue();
    }

    @Test
    void theLastWorkerToEndWakesTheLoopOnlyIfSomethingHasChanged() {
        see(2);
        Worker one = worker();
        Worker other = worker();
        board.workerStarted(one);
        board.workerStarted(other);
        assertThat(board.workers()).isEqualTo(2);
        board.fruitful(Set.of());
        board.workerEnded(one);
        board.workerEnded(other);
        assertThat(loop.isRaised()).isFalse();
        board.workerStarted(one);
        board.workerStarted(other);
        board.fruitful(board.take());
        board.workerEnded(one);
        assertThat(loop.isRaised()).isFalse();
        board.workerEnded(other);
        assertThat(loop.isRaised()).isTrue();
        assertThat(board.workers()).isZero();
    }

    private Worker secondOfTwo() {
        see(2);
        Worker second = worker();
        board.workerStarted(worker());
        board.workerStarted(second);
        return second;
    }

    @Test
    void theSlotsAreInUseByAllWorkersTogether() {
        Worker second = secondOfTwo();
        board.learnRate(1, 6, 1);
        assertThat(board.isWanted(second)).as("a third of the time").isFalse();
        board.learnRate(1, 9, 1);
        assertThat(board.isWanted(second)).as("less than a quarter").isTrue();
    }

    @Test
    void theMoreSlotsThereAreTheMoreOfThemStandFree() {
        environment.kbConcurrency = 4;
        board = newBoard();
        Worker second = secondOfTwo();
        board.learnRate(1, 3, 1);
        assertThat(board.isWanted(second)).as("a sixth of the slots is in use").isTrue();
    }

    @Test
    void whatIsDueIsSplitAmongTheWorkers() {
        see(16);
        IntStream.range(0, 2).forEach(i -> board.workerStarted(worker()));
        assertThat(board.take()).hasSize(4);
    }

    @Test
    void whatCannotBeFinishedIsKept() {
        board.cannotFinish(Set.of(3));
        board.cannotFinish(Set.of(5));
        assertThat(board.unfinishable()).containsExactlyInAnyOrder(3, 5);
    }

    @Test
    void theLockServiceIsDownFromTheFirstFailureOnUntilItAnswers() {
        long patience = Duration.ofSeconds(1).toNanos();
        assertThat(board.asked(() -> "answer")).isEqualTo("answer");
        environment.pass(Duration.ofSeconds(5));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> board.asked(() -> {
                        throw new IllegalStateException("down");
                    }))
                    .hasMessage("down");
            environment.pass(Duration.ofMillis(500));
        }
        assertThat(board.lockOutage.hopeless(environment.nanoTime(), patience)).isNull();
        assertThat(board.lockOutage.hopeless(environment.nanoTime() + 1, patience))
                .hasMessage("down");
        board.asked(() -> "answer");
        assertThat(board.lockOutage.hopeless(environment.nanoTime() + 1, patience))
                .isNull();
    }
}
