package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A whole worker's loop, step by step, on one partition unless a test says otherwise. */
class WorkerTest {

    private static final List<String> KBS = WorkerFixture.KBS;

    private final FrozenEnvironment.Tasks workers = new FrozenEnvironment.Tasks();
    private final FrozenEnvironment.Flag signal = new FrozenEnvironment.Flag();
    private WorkerFixture replica = new WorkerFixture();

    private Worker newWorker(FrozenEnvironment.Flag wakes) {
        return new Worker(replica.config, replica.services(), replica.queue, replica.host, wakes);
    }

    /** A worker that has begun, and waits for what it has queued. */
    private void start() {
        replica.look();
        workers.execute(newWorker(signal));
        step();
    }

    /** Once around its loop, because it was woken. */
    private void step() {
        replica.queue.workerStarted(signal);
        signal.raise();
        workers.runOne();
    }

    private void startUnasked() {
        replica.look();
        workers.execute(newWorker(signal));
        stepUnasked();
    }

    /** Until it waits, although nobody has woken it. */
    private void stepUnasked() {
        signal.lower();
        replica.queue.workerStarted(signal);
        workers.runOne();
    }

    private void runToTheEnd() {
        while (workers.size() > 0 && replica.executor.runOne()) {
            step();
        }
    }

    /** How long it wanted to wait when it last had nothing to do. */
    private Duration lastWait() {
        return Duration.ofNanos(signal.lastWait());
    }

    private boolean isFree() {
        return replica.isFree(OnePartition.NUMBER);
    }

    @Test
    void eachKbGoesVersionByVersionAndThePartitionIsGivenBack() {
        replica.enroll(2);
        start();
        runToTheEnd();
        assertThat(replica.ran)
                .containsExactlyInAnyOrder(
                        KBS.get(0) + " to 1", KBS.get(1) + " to 1", KBS.get(0) + " to 2", KBS.get(1) + " to 2");
        assertThat(replica.version(0)).isEqualTo(2);
        assertThat(replica.queue.completedCount()).isEqualTo(4);
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(isFree()).isTrue();
        assertThat(replica.store.raised).containsExactly(2L);
        replica.look();
        assertThat(replica.queue.hasAvailable()).isFalse();
    }

    @Test
    void pagesAreNoLargerThanABatch() {
        replica.store.maxBatch = 1;
        replica.enroll(3);
        start();
        runToTheEnd();
        Map<String, KbState> all = replica.store.find(KBS);
        assertThat(all.values()).extracting(KbState::version).containsOnly(2L);
        PageQuery rest = new PageQuery(Set.of(OnePartition.NUMBER), Selection.ALL, 2, DueFilter.BY_THE_CLOCK, null, 10);
        assertThat(replica.store.page(rest).kbs()).isEmpty();
    }

    @Test
    void afterAnotherReplicaTookOverItWritesNothingAndStaysAway() {
        replica.enroll(2);
        start();
        replica.store.openEpochs(Set.of(OnePartition.NUMBER));
        replica.executor.runOne();
        step();
        assertThat(replica.version(0)).isZero();
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(isFree()).as("what was left of its lease is given back").isTrue();
        replica.look();
        assertThat(replica.queue.hasAvailable()).isFalse();
        replica.environment.pass(Duration.ofMillis(200));
        replica.look();
        assertThat(replica.queue.hasAvailable()).isTrue();
    }

    @Test
    void whereSomethingMovedItComesBackAtOnce() {
        replica.enroll(1);
        replica.part = (context, kbId) -> {
            if (context.attempt() == 1 && context.version() == 1) {
                throw new IllegalStateException("refused");
            }
        };
        start();
        runToTheEnd();
        assertThat(replica.store.raised).containsExactly(2L);
        replica.environment.pass(Duration.ofHours(1));
        replica.store.thorough = false;
        Set<Integer> others = new TreeSet<>(Partitions.all());
        others.remove(OnePartition.NUMBER);
        replica.store.raiseFloors(replica.store.openEpochs(others).values(), 2);
        replica.store.raised.clear();
        start();
        runToTheEnd();
        assertThat(replica.version(0)).isEqualTo(2);
        assertThat(replica.store.raised).isEmpty();
        replica.store.enroll(List.of(KBS.get(1)), 0);
        replica.look();
        assertThat(replica.queue.hasAvailable()).isTrue();
    }

    /** As in a build that has dropped its oldest migration. */
    @Test
    void aKbThatThisBuildCannotTakeOnIsLeftAlone() {
        replica = new WorkerFixture(1, 2);
        OnePartition.enroll(KBS.subList(0, 2), replica.configOf(1, 2));
        replica.store.write(OnePartition.epochs(replica.config), List.of(replica.advanced(KBS.get(1), 0, 1)));
        start();
        runToTheEnd();
        assertThat(replica.ran).containsExactly(KBS.get(1) + " to 2");
        assertThat(replica.version(0)).isZero();
        assertThat(replica.store.raised).isEmpty();
    }

    /** The partitions are two of four that are due. */
    @Test
    void aSlowKbHoldsTheOtherPartitionsUpForASecondOnly() {
        List<String> kbs = IntStream.range(0, 4)
                .mapToObj(partition -> OnePartition.kbsOf(partition, 1).get(0))
                .toList();
        OnePartition.enroll(kbs, replica.config);
        replica.environment.pass(Duration.ofMinutes(1));
        start();
        replica.executor.runOne();
        step();
        List<Boolean> givenBack = new ArrayList<>();
        replica.part = (context, kbId) -> {
            if (kbId.equals(kbs.get(1))) {
                for (long nanos : new long[] {50_000_000, 950_000_000, 1}) {
                    replica.environment.pass(Duration.ofNanos(nanos));
                    step();
                    givenBack.add(replica.isFree(0));
                }
            }
        };
        replica.executor.runOne();
        assertThat(replica.ran.subList(0, 4))
                .containsExactly(
                        kbs.get(0) + " to 1", kbs.get(1) + " to 1", kbs.get(0) + " to 2", kbs.get(1) + " to 2");
        assertThat(givenBack).containsExactly(false, false, true);
    }

    @Test
    void whileTheThreadsAreInUseOnlyTheFirstWorkerTakes() {
        replica.enroll(1);
        replica.look();
        FrozenEnvironment.Flag second = new FrozenEnvironment.Flag();
        replica.queue.workerStarted(signal);
        replica.queue.workerStarted(second);
        replica.queue.learnRate(1, 4, 1);
        newWorker(second).run();
        assertThat(replica.queue.workers()).as("the second has left").isEqualTo(1);
        assertThat(replica.queue.hasAvailable()).isTrue();
        replica.queue.learnRate(1, 9, 1);
        assertThat(replica.queue.isWanted(second)).as("threads are free").isTrue();
        replica.queue.learnRate(1, 4, 1);
        workers.execute(newWorker(signal));
        workers.runOne();
        assertThat(replica.queue.hasAvailable()).isFalse();
    }

    @Test
    void kbsThatFailInTheSameWayShareTheTextOfTheirErrors() {
        replica.enroll(4);
        replica.part = (context, kbId) -> {
            if (KBS.indexOf(kbId) % 2 == 0) {
                throw new IllegalStateException("refused");
            }
        };
        start();
        boolean more = true;
        while (more) {
            more = replica.executor.runOne();
        }
        step();
        assertThat(replica.store.batches).hasSize(2);
        List<String> errors = replica.store.batches.get(1).stream()
                .map(write -> ((KbWrite.Failed) write).error())
                .toList();
        assertThat(errors).hasSize(2).allMatch(error -> error.contains("refused"));
        assertThat(errors.get(1)).isSameAs(errors.get(0));
    }

    @Test
    void aKbThatTheHostDoesNotHaveIsLeftAloneAndTheFloorStays() {
        replica.enroll(2);
        replica.deleted.add(KBS.get(0));
        start();
        runToTheEnd();
        assertThat(replica.ran).containsExactly(KBS.get(1) + " to 1", KBS.get(1) + " to 2");
        assertThat(replica.store.raised).isEmpty();
        assertThat(replica.queue.unfinishable()).containsExactly(OnePartition.NUMBER);
    }

    @Test
    void aLostLeaseInterruptsWhatRunsUnderItAndWakesTheWorker() {
        replica.enroll(1);
        startUnasked();
        List<Boolean> seen = new ArrayList<>();
        replica.part = (context, kbId) -> {
            signal.lower();
            replica.environment.pass(FrozenEnvironment.TTL);
            assertThat(isFree()).as("until another takes it").isTrue();
            replica.environment.letTheWaitsEnd();
            for (int loops = replica.environment.started.size(); loops > 0; loops--) {
                replica.environment.started.runOne();
            }
            seen.add(Thread.interrupted());
            seen.add(context.isCancelled());
            seen.add(signal.isRaised());
        };
        replica.executor.runOne();
        step();
        assertThat(seen).containsExactly(true, true, true);
        assertThat(replica.store.batches).isEmpty();
        assertThat(workers.size()).as("it has ended").isZero();
    }

    @Test
    void listenersAreToldWhatIsOnRecord() {
        replica.enroll(1);
        replica.part = (context, kbId) -> {
            if (context.version() == 2) {
                throw new IllegalStateException("refused");
            }
        };
        start();
        runToTheEnd();
        assertThat(replica.told).containsExactly(KBS.get(0) + " to 1", KBS.get(0) + " failed at 2: refused, PT1H");
    }

    @Nested
    class Batches {

        @Test
        void itWaitsNoLongerThanTheBatchMay() {
            replica.enroll(2);
            start();
            List<Duration> waits = new ArrayList<>();
            waits.add(lastWait());
            replica.part = (context, kbId) -> {
                if (replica.ran.size() == 2) {
                    for (int i = 0; i < 2; i++) {
                        replica.environment.pass(Duration.ofMillis(20));
                        step();
                        waits.add(lastWait());
                    }
                }
            };
            replica.executor.runOne();
            assertThat(waits)
                    .containsExactly(
                            replica.config.timings().activeLook(), Duration.ofMillis(50), Duration.ofMillis(30));
        }

        @Test
        void whileAsManyWriteAsMayItWaitsForOneOfThem() {
            replica.enroll(2);
            start();
            for (int writers = 0; writers < FrozenEnvironment.STORE_CONCURRENCY; writers++) {
                assertThat(replica.queue.beginWriting()).isTrue();
            }
            replica.executor.runOne();
            step();
            assertThat(replica.store.batches).isEmpty();
            assertThat(lastWait()).isEqualTo(replica.config.timings().activeLook());
            assertThat(signal.isRaised()).isFalse();
            replica.queue.workerStarted(signal);
            replica.queue.endWriting();
            assertThat(signal.isRaised()).as("it is woken").isTrue();
            workers.runOne();
            assertThat(replica.store.batches).hasSize(1);
            assertThat(replica.queue.beginWriting()).as("it has made room").isTrue();
        }

        @Test
        void whatFailedWaitsWhilePagesFollow() {
            replica.enroll(4);
            replica.store.maxBatch = 3;
            replica.part = (context, kbId) -> {
                if (replica.store.batches.isEmpty() && kbId.equals(KBS.get(0))) {
                    throw new IllegalStateException("refused");
                }
            };
            start();
            runToTheEnd();
            assertThat(replica.ran).hasSize(7);
            assertThat(replica.store.batches.subList(0, 2))
                    .as("of the first page and of the second")
                    .allSatisfy(batch -> assertThat(batch).allMatch(KbWrite.Advanced.class::isInstance));
            assertThat(replica.store.batches)
                    .filteredOn(batch -> batch.get(0) instanceof KbWrite.Failed)
                    .hasSize(1);
            assertThat(replica.state(0).record()).isNotNull();
        }

        @Test
        void theFirstToFinishWakesItAndThenAFullBatchOrTheLast() {
            replica.enroll(3);
            startUnasked();
            List<Boolean> woken = new ArrayList<>();
            replica.part = (context, kbId) -> {
                woken.add(signal.lower());
                if (woken.size() == 2) {
                    stepUnasked();
                }
            };
            replica.executor.runOne();
            woken.add(signal.isRaised());
            assertThat(woken).containsExactly(false, true, false, true);
        }

        @Test
        void whatFinishesWhileItWritesIsTakenOverBeforeItWaits() {
            replica = new WorkerFixture(2, 1, 2);
            replica.enroll(3);
            startUnasked();
            replica.part = (context, kbId) -> {
                if (replica.ran.size() == 2) {
                    stepUnasked();
                    replica.environment.pass(Duration.ofMillis(50));
                    replica.store.whileWriting = () -> {
                        replica.store.whileWriting = () -> {};
                        replica.executor.runOne();
                    };
                    stepUnasked();
                    assertThat(replica.ran).hasSize(3);
                    assertThat(lastWait()).as("for the batch that has begun").isEqualTo(Duration.ofMillis(50));
                }
            };
            replica.executor.runOne();
            assertThat(replica.ran).hasSizeGreaterThan(3);
        }
    }

    @Nested
    class Fetching {

        @Test
        void aPartitionThatASlowKbHoldsIsScannedAgainWithEachView() {
            replica.enroll(1);
            startUnasked();
            List<Integer> waiting = new ArrayList<>();
            replica.part = (context, kbId) -> {
                if (replica.ran.size() == 1) {
                    replica.store.enroll(List.of(KBS.get(1)), 0);
                    replica.environment.pass(Duration.ofSeconds(1));
                    stepUnasked();
                    waiting.add(replica.pool.backlog());
                    replica.look();
                    stepUnasked();
                    waiting.add(replica.pool.backlog());
                }
            };
            replica.executor.runOne();
            assertThat(waiting).containsExactly(0, 1);
        }

        @Test
        void itFetchesNoMoreThanTheThreadsNeed() {
            replica.store.maxBatch = 1;
            OnePartition.enroll(OnePartition.kbs(6), replica.config);
            startUnasked();
            assertThat(replica.pool.backlog()).as("for one thread").isEqualTo(1);
        }

        /** Pages of two, for six KBs. */
        @Test
        void itFetchesNoMoreThanTwoBatchesForHoweverManyThreads() {
            replica = new WorkerFixture(8, 1, 2);
            replica.store.maxBatch = 2;
            OnePartition.enroll(OnePartition.kbs(6), replica.config);
            startUnasked();
            assertThat(replica.pool.backlog()).isEqualTo(4);
        }
    }

    @Nested
    class Requests {

        @Test
        void aKbGoesOnFromTheVersionThatWasSkipped() {
            replica.enroll(1);
            String request = replica.request(0, 1);
            start();
            assertThat(replica.version(0)).isEqualTo(1);
            runToTheEnd();
            assertThat(replica.ran).containsExactly(KBS.get(0) + " to 2");
            assertThat(replica.store.document(request)).isEmpty();
        }

        @Test
        void whatIsRequestedMeanwhileIsServedWithTheNewView() {
            replica.enroll(2);
            replica.store.write(
                    OnePartition.epochs(replica.config), List.of(replica.failed(KBS.get(1), 0, Duration.ofHours(1))));
            startUnasked();
            assertThat(replica.pool.backlog()).isEqualTo(1);
            replica.part = (context, kbId) -> {
                if (replica.ran.size() == 1) {
                    replica.request(1, 0);
                    replica.environment.pass(Duration.ofSeconds(1));
                    replica.look();
                    stepUnasked();
                    assertThat(replica.pool.backlog()).isEqualTo(1);
                }
            };
            replica.executor.runOne();
            assertThat(replica.ran).hasSize(2);
        }

        @Test
        void aRequestedKbThatHasEverythingDoesNotKeepTheFloor() {
            replica.enroll(2);
            replica.store.write(OnePartition.epochs(replica.config), List.of(replica.advanced(KBS.get(1), 0, 2)));
            String request = replica.request(1, 0);
            start();
            runToTheEnd();
            assertThat(replica.store.document(request)).isEmpty();
            assertThat(replica.store.raised).containsExactly(2L);
        }
    }

    @Nested
    class WhenTheStoreFails {

        @Test
        void aStoreThatFailsIsTriedAgainAndNothingRunsTwice() {
            replica.enroll(2);
            start();
            replica.store.failing = true;
            replica.executor.runOne();
            step();
            assertThat(replica.version(0)).isZero();
            step();
            replica.store.failing = false;
            replica.environment.pass(Duration.ofMillis(100));
            step();
            assertThat(replica.version(0)).isEqualTo(1);
            runToTheEnd();
            assertThat(replica.version(0)).isEqualTo(2);
            assertThat(replica.ran).hasSize(4).doesNotHaveDuplicates();
        }

        @Test
        void itWaitsUntilItMayTryAgainWhateverHasFinishedMeanwhile() {
            replica.enroll(2);
            start();
            replica.store.failing = true;
            replica.part = (context, kbId) -> {
                if (replica.ran.size() == 2) {
                    step();
                    replica.environment.pass(Duration.ofMillis(50));
                    step();
                }
            };
            replica.executor.runOne();
            replica.environment.pass(Duration.ofMillis(40));
            step();
            assertThat(lastWait()).isEqualTo(Duration.ofMillis(60));
            replica.store.failing = false;
            replica.environment.pass(Duration.ofMillis(60));
            step();
            assertThat(replica.store.batches)
                    .hasSize(1)
                    .first()
                    .asInstanceOf(LIST)
                    .hasSize(2);
        }

        @Test
        void aStepThatProgressedBeforeItFailedCountsAsTheFirst() {
            replica.enroll(1);
            start();
            replica.executor.runOne();
            step();
            replica.store.failing = true;
            replica.executor.runOne();
            for (int i = 0; i < 4; i++) {
                step();
                replica.environment.pass(lastWait());
            }
            assertThat(lastWait()).as("in vain for four times").isGreaterThan(Duration.ofMillis(400));
            replica.store.failing = false;
            replica.store.raisingFails = true;
            step();
            assertThat(replica.version(0)).isEqualTo(2);
            assertThat(lastWait()).isEqualTo(Duration.ofMillis(100));
        }
    }

    @Nested
    class WhenTheReplicaStops {

        @Test
        void nothingMoreIsStartedAndWhatIsHeldIsGivenBack() {
            replica.enroll(2);
            start();
            replica.executor.runOne();
            replica.queue.stop();
            replica.pool.close();
            step();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(isFree()).isTrue();
            assertThat(replica.store.raised).as("not all of it was done").isEmpty();
            assertThat(replica.ran).hasSize(2);
        }

        @Test
        void aWriteThatFailsIsRetriedWithoutAPauseAndThenLeftToOthers() {
            replica.enroll(2);
            start();
            replica.executor.runOne();
            replica.executor.runOne();
            replica.store.failing = true;
            step();
            int attempts = replica.store.attempts;
            replica.queue.stop();
            replica.pool.close();
            step();
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(replica.store.attempts - attempts)
                    .as("both KBs together, and alone after their third failure")
                    .isBetween(1, 4);
            assertThat(replica.version(0)).isZero();
            assertThat(isFree()).isTrue();
        }

        @Test
        void aWriteThatSucceedsWhenItIsRetriedIsNotLost() {
            replica.enroll(2);
            start();
            replica.executor.runOne();
            replica.executor.runOne();
            replica.store.failing = true;
            step();
            replica.queue.stop();
            replica.pool.close();
            replica.store.failing = false;
            step();
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(replica.version(1)).isEqualTo(1);
        }

        @Test
        void eachWriteIsTriedAlthoughTheOneBeforeFails() {
            replica.part = (context, kbId) -> {
                if (kbId.equals(WorkerFixture.KBS.get(1))) {
                    throw new IllegalStateException("broken");
                }
            };
            replica.enroll(2);
            start();
            replica.executor.runOne();
            replica.executor.runOne();
            replica.store.failing = true;
            replica.store.failuresPass = true;
            step();
            replica.queue.stop();
            replica.pool.close();
            step();
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(replica.version(0)).isZero();
            assertThat(Objects.requireNonNull(replica.state(1).record()).failures())
                    .isEqualTo(1);
        }

        @Test
        void whileSomethingRunsTheWritesWaitForIt() {
            replica = new WorkerFixture(2, 1, 2);
            replica.enroll(2);
            start();
            replica.part = (context, kbId) -> {
                replica.part = (c, k) -> {};
                replica.executor.runOne();
                step();
                replica.environment.pass(Duration.ofMillis(50));
                replica.store.failing = true;
                step();
                replica.queue.stop();
                replica.pool.close();
                step();
                assertThat(replica.store.attempts)
                        .as("it waits for the other KB")
                        .isEqualTo(1);
                assertThat(workers.size()).isEqualTo(1);
                assertThat(isFree()).isFalse();
            };
            replica.executor.runOne();
            replica.store.failing = false;
            step();
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(replica.version(1)).isEqualTo(1);
        }

        @Test
        void itLeavesAtOnceAlthoughAPageIsToCome() {
            replica.store.maxBatch = 1;
            replica.enroll(3);
            startUnasked();
            replica.queue.stop();
            replica.pool.close();
            replica.executor.runOne();
            stepUnasked();
            assertThat(workers.size()).as("it has ended").isZero();
            assertThat(replica.ran).isEmpty();
        }
    }

    @Nested
    class WhatItLearns {

        /** Whether a second worker is wanted, because the threads are free while this one waits for the store. */
        private boolean isSecondWanted() {
            FrozenEnvironment.Flag second = new FrozenEnvironment.Flag();
            replica.queue.workerStarted(signal);
            replica.queue.workerStarted(second);
            boolean wanted = replica.queue.isWanted(second);
            replica.queue.workerEnded(second);
            replica.queue.workerEnded(signal);
            return wanted;
        }

        /** The first page holds four, of six. */
        @Test
        void howManyKbsAPartitionHoldsIsLearntFromAllOfItsPages() {
            replica.store.maxBatch = 4;
            OnePartition.enroll(OnePartition.kbs(6), replica.config);
            start();
            runToTheEnd();
            replica.queue.update(replica.environment.view(1, 0, FrozenEnvironment.floors(256), List.of(), List.of()));
            replica.queue.learnRate(1, 9, 0);
            assertThat(replica.queue.wantedWorkers()).as("for 256 times five").isEqualTo(2);
        }

        @Test
        void howManyKbsAPartitionHoldsIsFirstLearntFromTheFirstPage() {
            OnePartition.enroll(OnePartition.kbs(6), replica.config);
            startUnasked();
            replica.queue.update(replica.environment.view(1, 0, FrozenEnvironment.floors(256), List.of(), List.of()));
            replica.queue.learnRate(1, 9, 0);
            assertThat(replica.queue.wantedWorkers()).as("for 256 times six").isEqualTo(2);
        }

        @Test
        void howBusyTheThreadsAreIsLearntEvery50Ms() {
            replica.environment.pass(Duration.ofMinutes(1));
            replica.enroll(4);
            startUnasked();
            List<Boolean> wanted = new ArrayList<>();
            replica.part = (context, kbId) -> {
                switch (replica.ran.size()) {
                    case 1 -> replica.environment.pass(Duration.ofMillis(1));
                    case 2 -> {
                        for (int millis : new int[] {48, 1}) {
                            replica.environment.pass(Duration.ofMillis(millis));
                            stepUnasked();
                            wanted.add(isSecondWanted());
                        }
                        replica.environment.pass(Duration.ofMillis(10));
                    }
                    case 3 -> {
                        replica.environment.pass(Duration.ofMillis(40));
                        stepUnasked();
                        wanted.add(isSecondWanted());
                    }
                    case 4 -> {
                        replica.environment.pass(Duration.ofMillis(200));
                        stepUnasked();
                        wanted.add(isSecondWanted());
                    }
                    default -> {}
                }
            };
            replica.executor.runOne();
            assertThat(wanted)
                    .as("1 of 49 ms, too early; 1 of 50 ms; 59 of 50 ms; 40 of 200 ms")
                    .containsExactly(false, true, false, true);
        }

        @Test
        void theTimeDuringWhichTheStoreWasDownTellsNothing() {
            replica.enroll(1);
            startUnasked();
            replica.part = (context, kbId) -> replica.environment.pass(Duration.ofMillis(60));
            replica.store.failing = true;
            replica.executor.runOne();
            stepUnasked();
            replica.environment.pass(Duration.ofSeconds(1));
            replica.store.failing = false;
            stepUnasked();
            assertThat(replica.version(0)).isEqualTo(1);
            assertThat(isSecondWanted()).isFalse();
        }
    }
}
