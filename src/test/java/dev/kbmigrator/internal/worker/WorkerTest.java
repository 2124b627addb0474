package dev.kbmigrator.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A worker's loop, step by step, on one partition. */
class WorkerTest {

    private static final List<String> KBS = OnePartition.kbs(4);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks bodies = new FrozenEnvironment.Tasks();
    private final FrozenEnvironment.Tasks workers = new FrozenEnvironment.Tasks();
    private final Store store = new Store();
    private final Lock lock = MemoryLock.create(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
    private final List<String> ran = new ArrayList<>();
    private boolean thorough = true;
    private KbMigration.Part body = (context, kbId) -> {};
    private EngineConfig config = newConfig();
    private PartitionQueue board = new PartitionQueue(config, environment.newSignal());
    private ExecutionPool slots = new ExecutionPool(config, board::wakeWorkers);
    private LeaseKeeper keeper = new LeaseKeeper(config, slots);

    private EngineConfig newConfig() {
        return environment.config(store, lock, bodies, migration(1), migration(2));
    }

    private void useSlots(int many) {
        environment.kbConcurrency = many;
        use(newConfig());
    }

    private void use(EngineConfig another) {
        config = another;
        board = new PartitionQueue(config, environment.newSignal());
        slots = new ExecutionPool(config, board::wakeWorkers);
        keeper = new LeaseKeeper(config, slots);
    }

    private final class Store extends MemoryStateStore {

        private final List<List<KbWrite>> batches = new ArrayList<>();
        private final List<Long> raised = new ArrayList<>();
        private int mostWrites = 256;
        private boolean failing;
        private boolean raisingFails;
        private boolean openingFails;
        private Duration openingTakes = Duration.ZERO;
        private Duration findTakes = Duration.ZERO;
        private Runnable whileFinding = () -> {};
        private Duration writeTakes = Duration.ZERO;
        private Runnable whileWriting = () -> {};

        private Store() {
            super(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            environment.pass(findTakes);
            whileFinding.run();
            return super.find(kbIds);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            if (failing) {
                throw new IllegalStateException("the store is down");
            }
            batches.add(List.copyOf(writes));
            WriteResult result = super.write(carried, writes);
            whileWriting.run();
            letPass(writeTakes);
            return result;
        }

        @Override
        public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            environment.pass(openingTakes);
            if (openingFails) {
                throw new IllegalStateException("the store is down");
            }
            return super.openEpochs(scopes);
        }

        @Override
        public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
            if (raisingFails) {
                throw new IllegalStateException("the store is down again");
            }
            raised.add(version);
            return super.raiseFloors(carried, version);
        }

        @Override
        public int maxBatch() {
            return mostWrites;
        }
    }

    private KbMigration migration(long version) {
        return KbMigration.of(version, "migration", (context, kbId) -> {
            ran.add(kbId + " to " + version);
            body.migrateKb(context, kbId);
        });
    }

    private void enroll(int kbs) {
        OnePartition.enroll(KBS.subList(0, kbs), config);
    }

    private void look() {
        board.update(OnePartition.look(config, thorough));
    }

    /** A worker that has begun, and waits for what it has queued. */
    private Worker start() {
        Worker worker = newWorker();
        step(worker);
        return worker;
    }

    private Worker newWorker() {
        look();
        Worker worker = new Worker(config, board, slots, keeper);
        workers.execute(worker);
        return worker;
    }

    /** Once around its loop. */
    private void step(Worker worker) {
        board.workerStarted(worker);
        worker.wake();
        workers.runOne();
    }

    /** How long it wanted to wait when it last had nothing to do; it is the last of the engine's parts that was made. */
    private Duration lastWait() {
        return Duration.ofNanos(signal().lastWait());
    }

    private FrozenEnvironment.Flag signal() {
        return environment.signals.get(environment.signals.size() - 1);
    }

    /** Another replica takes the partition when the lease is over, and the keeper of the leases notices. */
    private void letPass(Duration time) {
        if (!time.isZero()) {
            keepLeases();
            environment.pass(time);
            assertThat(lock.tryAcquire(FleetView.lockName(OnePartition.NUMBER), FrozenEnvironment.TTL))
                    .isPresent();
            environment.letTheWaitsEnd();
            keepLeases();
        }
    }

    private void keepLeases() {
        for (int loops = environment.started.size(); loops > 0; loops--) {
            environment.started.runOne();
        }
    }

    private long version(int kb) {
        return state(kb).version();
    }

    private KbState state(int kb) {
        String kbId = KBS.get(kb);
        return Objects.requireNonNull(store.find(Set.of(kbId)).get(kbId));
    }

    private void runToTheEnd(Worker worker) {
        while (workers.size() > 0 && bodies.runOne()) {
            step(worker);
        }
    }

    @Test
    void eachKbGoesVersionByVersionAndThePartitionIsGivenBackWithItsFloorRaised() {
        enroll(2);
        Worker worker = start();
        runToTheEnd(worker);
        assertThat(ran)
                .containsExactlyInAnyOrder(
                        KBS.get(0) + " to 1", KBS.get(1) + " to 1", KBS.get(0) + " to 2", KBS.get(1) + " to 2");
        assertThat(version(0)).isEqualTo(2);
        assertThat(board.kbMigrations.sum()).isEqualTo(4);
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(lock.tryAcquire(FleetView.lockName(OnePartition.NUMBER), FrozenEnvironment.TTL))
                .isPresent();
        assertThat(store.raised).containsExactly(2L);
        look();
        assertThat(board.hasCandidates()).isFalse();
    }

    @Test
    void whatHasFinishedWaits50MsForWhatStillRunsAndNoLonger() {
        enroll(2);
        Worker worker = start();
        List<Long> versions = new ArrayList<>();
        body = (context, kbId) -> {
            if (kbId.equals(KBS.get(1)) && context.version() == 1) {
                for (long millis : new long[] {0, 49, 1}) {
                    environment.pass(Duration.ofMillis(millis));
                    step(worker);
                    versions.add(version(0));
                }
            }
        };
        bodies.runOne();
        assertThat(versions).containsExactly(0L, 0L, 1L);
    }

    @Test
    void whatHasFinishedIsWrittenAtOnceWhenItFillsABatch() {
        store.mostWrites = 2;
        enroll(4);
        Worker worker = start();
        List<Integer> written = new ArrayList<>();
        body = (context, kbId) -> {
            step(worker);
            written.add(store.batches.stream().mapToInt(List::size).sum());
        };
        bodies.runOne();
        assertThat(written.subList(0, 4)).containsExactly(0, 0, 2, 2);
        assertThat(store.batches).allSatisfy(batch -> assertThat(batch).hasSizeLessThanOrEqualTo(2));
    }

    @Test
    void itWaitsNoLongerThanTheBatchMay() {
        enroll(2);
        Worker worker = start();
        List<Duration> waits = new ArrayList<>();
        waits.add(lastWait());
        body = (context, kbId) -> {
            if (ran.size() == 2) {
                for (int i = 0; i < 2; i++) {
                    environment.pass(Duration.ofMillis(20));
                    step(worker);
                    waits.add(lastWait());
                }
            }
        };
        bodies.runOne();
        assertThat(waits).containsExactly(config.timings().activeLook(), Duration.ofMillis(50), Duration.ofMillis(30));
    }

    @Test
    void aFailureIsRecordedWithItsDelayAndHurtsNoOtherKb() {
        enroll(2);
        body = (context, kbId) -> {
            if (kbId.equals(KBS.get(0))) {
                throw new IllegalStateException("broken");
            }
        };
        Worker worker = start();
        runToTheEnd(worker);
        assertThat(version(1)).isEqualTo(2);
        assertThat(version(0)).isZero();
        assertThat(Objects.requireNonNull(state(0).record()).failures()).isEqualTo(1);
        assertThat(state(0).record().error()).contains("broken");
        assertThat(state(0).record().dueMicros()).isEqualTo(TimeUnit.HOURS.toMicros(1));
        environment.pass(Duration.ofHours(1));
        look();
        assertThat(board.hasCandidates()).isTrue();
    }

    @Test
    void aStoreThatFailsIsTriedAgainAndNothingRunsTwice() {
        enroll(2);
        Worker worker = start();
        store.failing = true;
        bodies.runOne();
        step(worker);
        assertThat(version(0)).isZero();
        step(worker);
        store.failing = false;
        environment.pass(Duration.ofMillis(100));
        step(worker);
        assertThat(version(0)).isEqualTo(1);
        runToTheEnd(worker);
        assertThat(version(0)).isEqualTo(2);
        assertThat(ran).hasSize(4).doesNotHaveDuplicates();
    }

    @Test
    void afterAFailureItWaitsUntilItMayTryAgainHoweverMuchHasFinishedMeanwhile() {
        enroll(2);
        Worker worker = start();
        store.failing = true;
        body = (context, kbId) -> {
            if (ran.size() == 2) {
                step(worker);
                environment.pass(Duration.ofMillis(50));
                step(worker);
            }
        };
        bodies.runOne();
        environment.pass(Duration.ofMillis(40));
        step(worker);
        assertThat(lastWait()).isEqualTo(Duration.ofMillis(60));
        store.failing = false;
        environment.pass(Duration.ofMillis(60));
        step(worker);
        assertThat(store.batches).hasSize(1).first().asInstanceOf(LIST).hasSize(2);
    }

    @Test
    void whoIsFencedOutWritesNothingAndStaysAway() {
        enroll(2);
        Worker worker = start();
        store.openEpochs(Set.of(OnePartition.NUMBER));
        bodies.runOne();
        step(worker);
        assertThat(version(0)).isZero();
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(isFree()).as("what was left of its lease is given back").isTrue();
        look();
        assertThat(board.hasCandidates()).isFalse();
        environment.pass(Duration.ofMillis(200));
        look();
        assertThat(board.hasCandidates()).isTrue();
    }

    private boolean isFree() {
        return lock.tryAcquire(FleetView.lockName(OnePartition.NUMBER), FrozenEnvironment.TTL)
                .isPresent();
    }

    @Test
    void aPartitionWhoseEpochCannotBeOpenedIsGivenBackAtOnce() {
        enroll(1);
        store.openingFails = true;
        start();
        assertThat(isFree()).isTrue();
        assertThat(bodies.size()).isZero();
    }

    @Test
    void nothingIsQueuedUnderALeaseThatRanOutWhileItsEpochWasOpened() {
        enroll(1);
        store.openingTakes = FrozenEnvironment.TTL.dividedBy(3).multipliedBy(2);
        start();
        assertThat(bodies.size()).isZero();
        assertThat(environment.started.size()).as("nothing is kept").isZero();
        assertThat(isFree()).isTrue();
    }

    @Test
    void aFloorThatIsThereIsNotRaisedAgainAndWhereSomethingMovedTheReplicaComesBackAtOnce() {
        enroll(1);
        body = (context, kbId) -> {
            if (context.attempt() == 1 && context.version() == 1) {
                throw new IllegalStateException("refused");
            }
        };
        runToTheEnd(start());
        assertThat(store.raised).containsExactly(2L);
        environment.pass(Duration.ofHours(1));
        thorough = false;
        Set<Integer> others = new TreeSet<>(Partitions.all());
        others.remove(OnePartition.NUMBER);
        store.raiseFloors(store.openEpochs(others).values(), 2);
        store.raised.clear();
        runToTheEnd(start());
        assertThat(version(0)).isEqualTo(2);
        assertThat(store.raised).isEmpty();
        store.enroll(List.of(KBS.get(1)), 0);
        look();
        assertThat(board.hasCandidates()).isTrue();
    }

    /** The first page holds four, of six. */
    @Test
    void howManyKbsAPartitionHoldsIsLearntFromAllOfItsPages() {
        store.mostWrites = 4;
        OnePartition.enroll(OnePartition.kbs(6), config);
        runToTheEnd(start());
        board.update(environment.view(1, 0, FrozenEnvironment.floors(256), List.of(), List.of()));
        board.learnRate(1, 9, 0);
        assertThat(board.wantedWorkers()).as("for 256 times five").isEqualTo(2);
    }

    @Test
    void aCommitWhoseAnswerWasLostIsReadBack() {
        enroll(1);
        Worker worker = start();
        bodies.runOne();
        Epoch epoch = new Epoch(OnePartition.NUMBER, 1);
        store.write(Set.of(epoch), List.of(new KbWrite.Advanced(KBS.get(0), 0, 1)));
        step(worker);
        runToTheEnd(worker);
        assertThat(version(0)).isEqualTo(2);
        assertThat(ran).containsExactly(KBS.get(0) + " to 1", KBS.get(0) + " to 2");
    }

    @Test
    void aKbThatIsForgottenInTheMiddleIsDropped() {
        enroll(1);
        Worker worker = start();
        bodies.runOne();
        store.remove(Set.of(KBS.get(0)));
        step(worker);
        assertThat(store.count(Long.MAX_VALUE)).isZero();
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(board.kbMigrations.sum()).isZero();
    }

    @Test
    void anAttemptIsCountedFromWhatIsOnRecord() {
        enroll(1);
        Epoch epoch = Objects.requireNonNull(
                store.openEpochs(Set.of(OnePartition.NUMBER)).get(OnePartition.NUMBER));
        store.write(Set.of(epoch), List.of(new KbWrite.Failed(KBS.get(0), 0, 1, 4, "earlier", Duration.ZERO)));
        List<Integer> attempts = new ArrayList<>();
        body = (context, kbId) -> attempts.add(context.attempt());
        runToTheEnd(start());
        assertThat(attempts).containsExactly(5, 1);
    }

    @Test
    void whenTheReplicaStopsNothingMoreIsStartedAndWhatIsHeldIsGivenBack() {
        enroll(2);
        Worker worker = start();
        bodies.runOne();
        board.stop();
        slots.close();
        step(worker);
        assertThat(version(0)).isEqualTo(1);
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(lock.tryAcquire(FleetView.lockName(OnePartition.NUMBER), FrozenEnvironment.TTL))
                .isPresent();
        assertThat(store.raised).as("not all of it was done").isEmpty();
        assertThat(ran).hasSize(2);
    }

    @Test
    void pagesAreNoLargerThanABatch() {
        store.mostWrites = 1;
        enroll(3);
        runToTheEnd(start());
        Map<String, KbState> all = store.find(KBS);
        assertThat(all.values()).extracting(KbState::version).containsOnly(2L);
        PageQuery rest = new PageQuery(Set.of(OnePartition.NUMBER), Selection.ALL, 2, DueFilter.BY_THE_CLOCK, null, 10);
        assertThat(store.page(rest).kbs()).isEmpty();
    }

    /** Answers the document's name. */
    private String askToSkipTheFirstVersion() {
        return ask(0, 1);
    }

    /** For an attempt at a KB, without the version that is to be skipped; answers the document's name. */
    private String ask(int kb, long skip) {
        String request = KbRequest.documentOf(KBS.get(kb));
        store.compareAndSet(request, 0, KbRequest.toJson(KBS.get(kb), skip, "broken", "someone"), null);
        return request;
    }

    @Test
    void aKbGoesOnFromTheVersionThatWasSkipped() {
        enroll(1);
        String request = askToSkipTheFirstVersion();
        Worker worker = start();
        assertThat(version(0)).isEqualTo(1);
        runToTheEnd(worker);
        assertThat(ran).containsExactly(KBS.get(0) + " to 2");
        assertThat(store.document(request)).isEmpty();
    }

    @Test
    void aVersionThatAKbHasIsNotSkippedAgain() {
        enroll(1);
        store.write(OnePartition.epochs(config), List.of(new KbWrite.Advanced(KBS.get(0), 0, 1)));
        String request = askToSkipTheFirstVersion();
        Worker worker = start();
        assertThat(store.batches).hasSize(1);
        runToTheEnd(worker);
        assertThat(ran).containsExactly(KBS.get(0) + " to 2");
        assertThat(store.document(request)).isEmpty();
    }

    @Test
    void whoIsFencedOutSkipsNothing() {
        enroll(1);
        String request = askToSkipTheFirstVersion();
        store.whileFinding = () -> store.openEpochs(Set.of(OnePartition.NUMBER));
        start();
        store.whileFinding = () -> {};
        assertThat(version(0)).isZero();
        assertThat(bodies.size()).isZero();
        assertThat(store.document(request)).as("for the next holder").isPresent();
    }

    @Test
    void aVersionIsNotSkippedUnderALeaseThatRanOutWhileTheKbWasRead() {
        enroll(1);
        String request = askToSkipTheFirstVersion();
        store.findTakes = FrozenEnvironment.TTL;
        start();
        assertThat(version(0)).isZero();
        assertThat(store.document(request)).as("for the next holder").isPresent();
    }

    @Test
    void whatFailedGoesInABatchOfItsOwn() {
        enroll(4);
        everyOtherKbFailsAndAllIsWrittenInBatches(2);
        assertThat(store.batches.get(0)).hasSize(2).allMatch(KbWrite.Advanced.class::isInstance);
        assertThat(store.batches.get(1)).hasSize(2).allMatch(KbWrite.Failed.class::isInstance);
    }

    @Test
    void kbsThatFailInTheSameWayShareTheTextOfTheirErrors() {
        enroll(4);
        everyOtherKbFailsAndAllIsWrittenInBatches(2);
        List<String> errors = store.batches.get(1).stream()
                .map(write -> ((KbWrite.Failed) write).error())
                .toList();
        assertThat(errors).hasSize(2).allMatch(error -> error.contains("refused"));
        assertThat(errors.get(1)).isSameAs(errors.get(0));
    }

    private void everyOtherKbFailsAndAllIsWrittenInBatches(int batches) {
        body = (context, kbId) -> {
            if (KBS.indexOf(kbId) % 2 == 0) {
                throw new IllegalStateException("refused");
            }
        };
        Worker worker = start();
        boolean more = true;
        while (more) {
            more = bodies.runOne();
        }
        step(worker);
        assertThat(store.batches).hasSize(batches);
    }

    /** The first batch goes out in time, and its answer comes when the lease is over. */
    @Test
    void afterAWriteThatTookLongerThanTheLeaseNothingElseIsSent() {
        enroll(4);
        store.writeTakes = FrozenEnvironment.TTL;
        Worker worker = start();
        store.mostWrites = 2;
        boolean more = true;
        while (more) {
            more = bodies.runOne();
        }
        step(worker);
        assertThat(store.batches).hasSize(1);
    }

    @Test
    void afterOneThatTookSoLongFailuresAreNotSentEither() {
        enroll(4);
        store.writeTakes = FrozenEnvironment.TTL;
        everyOtherKbFailsAndAllIsWrittenInBatches(1);
    }

    /** The partitions are two of four that are due. */
    @Test
    void whatWasTakenTogetherIsGivenBackTogetherUnlessASlowKbHoldsItUpForASecond() {
        List<String> kbs = IntStream.range(0, 4)
                .mapToObj(partition -> OnePartition.kbsOf(partition, 1).get(0))
                .toList();
        OnePartition.enroll(kbs, config);
        environment.pass(Duration.ofMinutes(1));
        Worker worker = start();
        bodies.runOne();
        step(worker);
        List<Boolean> givenBack = new ArrayList<>();
        body = (context, kbId) -> {
            if (kbId.equals(kbs.get(1))) {
                for (long nanos : new long[] {50_000_000, 950_000_000, 1}) {
                    environment.pass(Duration.ofNanos(nanos));
                    step(worker);
                    givenBack.add(lock.tryAcquire(FleetView.lockName(0), FrozenEnvironment.TTL)
                            .isPresent());
                }
            }
        };
        bodies.runOne();
        assertThat(ran.subList(0, 4))
                .containsExactly(
                        kbs.get(0) + " to 1", kbs.get(1) + " to 1", kbs.get(0) + " to 2", kbs.get(1) + " to 2");
        assertThat(givenBack).containsExactly(false, false, true);
    }

    @Test
    void whileAsManyWriteAsMayItWaitsForOneOfThem() {
        enroll(2);
        Worker worker = start();
        for (int writers = 0; writers < FrozenEnvironment.STORE_CONCURRENCY; writers++) {
            assertThat(board.beginWriting()).isTrue();
        }
        bodies.runOne();
        step(worker);
        assertThat(store.batches).isEmpty();
        assertThat(lastWait()).isEqualTo(config.timings().activeLook());
        assertThat(signal().isRaised()).isFalse();
        board.workerStarted(worker);
        board.endWriting();
        assertThat(signal().isRaised()).as("it is woken").isTrue();
        workers.runOne();
        assertThat(store.batches).hasSize(1);
        assertThat(board.beginWriting()).as("it has made room").isTrue();
    }

    @Test
    void aWriteThatFailsMakesRoomToo() {
        enroll(1);
        Worker worker = start();
        store.failing = true;
        bodies.runOne();
        step(worker);
        for (int writers = 0; writers < FrozenEnvironment.STORE_CONCURRENCY; writers++) {
            assertThat(board.beginWriting()).isTrue();
        }
    }

    @Test
    void whatFailedWaitsWhilePagesFollow() {
        enroll(4);
        store.mostWrites = 3;
        body = (context, kbId) -> {
            if (store.batches.isEmpty() && kbId.equals(KBS.get(0))) {
                throw new IllegalStateException("refused");
            }
        };
        Worker worker = start();
        runToTheEnd(worker);
        assertThat(ran).hasSize(7);
        assertThat(store.batches.subList(0, 2))
                .as("of the first page and of the second")
                .allSatisfy(batch -> assertThat(batch).allMatch(KbWrite.Advanced.class::isInstance));
        assertThat(store.batches)
                .filteredOn(batch -> batch.get(0) instanceof KbWrite.Failed)
                .hasSize(1);
        assertThat(state(0).record()).isNotNull();
    }

    @Test
    void whileTheSlotsAreInUseOnlyTheFirstWorkerTakesPartitions() {
        enroll(1);
        look();
        Worker first = new Worker(config, board, slots, keeper);
        Worker second = new Worker(config, board, slots, keeper);
        board.workerStarted(first);
        board.workerStarted(second);
        board.learnRate(1, 4, 1);
        second.run();
        assertThat(board.workers()).as("the second has left").isEqualTo(1);
        assertThat(board.hasCandidates()).isTrue();
        board.learnRate(1, 9, 1);
        assertThat(board.isWanted(second)).as("slots stand free").isTrue();
        board.learnRate(1, 4, 1);
        workers.execute(first);
        workers.runOne();
        assertThat(board.hasCandidates()).isFalse();
    }

    @Test
    void aPartitionThatOthersHaveBeenThroughSaysNothingOfHowManyKbsTheRestHolds() {
        board.learnDensity(1, 4_096);
        enroll(1);
        look();
        store.write(OnePartition.epochs(config), List.of(new KbWrite.Advanced(KBS.get(0), 0, 2)));
        Worker worker = new Worker(config, board, slots, keeper);
        workers.execute(worker);
        step(worker);
        assertThat(store.raised).as("it went through the partition").isNotEmpty();
        store.enroll(List.of(KBS.get(1)), 0);
        look();
        board.learnRate(1, 9, 0);
        assertThat(board.wantedWorkers()).isEqualTo(4);
    }

    @Test
    void aStepThatBringsSomethingAboutBeforeItFailsDoesNotMakeTheNextOneWaitLonger() {
        enroll(1);
        Worker worker = start();
        bodies.runOne();
        step(worker);
        store.failing = true;
        bodies.runOne();
        for (int i = 0; i < 4; i++) {
            step(worker);
            environment.pass(lastWait());
        }
        assertThat(lastWait()).as("in vain for four times").isGreaterThan(Duration.ofMillis(400));
        store.failing = false;
        store.raisingFails = true;
        step(worker);
        assertThat(version(0)).isEqualTo(2);
        assertThat(lastWait()).isEqualTo(Duration.ofMillis(100));
    }

    /** Until it waits, though nobody has woken it. */
    private void stepUnasked(Worker worker) {
        signal().lower();
        board.workerStarted(worker);
        workers.runOne();
    }

    private Worker startUnasked() {
        Worker worker = newWorker();
        stepUnasked(worker);
        return worker;
    }

    @Test
    void itIsWokenByTheFirstThatFinishesAndThenWhenABatchIsFullOrNothingRunsAnyMore() {
        enroll(3);
        Worker worker = startUnasked();
        List<Boolean> woken = new ArrayList<>();
        body = (context, kbId) -> {
            woken.add(signal().lower());
            if (woken.size() == 2) {
                stepUnasked(worker);
            }
        };
        bodies.runOne();
        woken.add(signal().isRaised());
        assertThat(woken).containsExactly(false, true, false, true);
    }

    @Test
    void whatFinishesWhileItWritesIsTakenOverBeforeItWaits() {
        useSlots(2);
        enroll(3);
        Worker worker = startUnasked();
        body = (context, kbId) -> {
            if (ran.size() == 2) {
                stepUnasked(worker);
                environment.pass(Duration.ofMillis(50));
                store.whileWriting = () -> {
                    store.whileWriting = () -> {};
                    bodies.runOne();
                };
                stepUnasked(worker);
                assertThat(ran).hasSize(3);
                assertThat(lastWait()).as("for the batch that has begun").isEqualTo(Duration.ofMillis(50));
            }
        };
        bodies.runOne();
        assertThat(ran).hasSizeGreaterThan(3);
    }

    @Test
    void aPartitionThatASlowKbHoldsIsLookedThroughAgainWithEachNewView() {
        enroll(1);
        Worker worker = startUnasked();
        List<Integer> waiting = new ArrayList<>();
        body = (context, kbId) -> {
            if (ran.size() == 1) {
                store.enroll(List.of(KBS.get(1)), 0);
                environment.pass(Duration.ofSeconds(1));
                stepUnasked(worker);
                waiting.add(slots.backlog());
                look();
                stepUnasked(worker);
                waiting.add(slots.backlog());
            }
        };
        bodies.runOne();
        assertThat(waiting).containsExactly(0, 1);
    }

    @Test
    void whatIsAskedForMeanwhileIsServedWithTheNewView() {
        enroll(2);
        store.write(
                OnePartition.epochs(config),
                List.of(new KbWrite.Failed(KBS.get(1), 0, 1, 1, "earlier", Duration.ofHours(1))));
        Worker worker = startUnasked();
        assertThat(slots.backlog()).isEqualTo(1);
        body = (context, kbId) -> {
            if (ran.size() == 1) {
                ask(1, 0);
                environment.pass(Duration.ofSeconds(1));
                look();
                stepUnasked(worker);
                assertThat(slots.backlog()).isEqualTo(1);
            }
        };
        bodies.runOne();
        assertThat(ran).hasSize(2);
    }

    @Test
    void itFetchesNoMoreThanTheSlotsHaveUseFor() {
        store.mostWrites = 1;
        OnePartition.enroll(OnePartition.kbs(6), config);
        startUnasked();
        assertThat(slots.backlog()).as("for one slot").isEqualTo(1);
    }

    /** Pages of two, for six KBs. */
    @Test
    void itFetchesNoMoreThanTwoBatchesHoweverManySlotsThereAre() {
        useSlots(8);
        store.mostWrites = 2;
        OnePartition.enroll(OnePartition.kbs(6), config);
        startUnasked();
        assertThat(slots.backlog()).isEqualTo(4);
    }

    @Test
    void whenTheReplicaStopsWhileAPageIsToComeItLeavesAtOnce() {
        store.mostWrites = 1;
        enroll(3);
        Worker worker = startUnasked();
        board.stop();
        slots.close();
        bodies.runOne();
        stepUnasked(worker);
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(ran).isEmpty();
    }

    /** Whether there is use for a second worker, because the slots stand free while this one waits for the store. */
    private boolean isSecondWanted(Worker first) {
        Worker second = new Worker(config, board, new ExecutionPool(config, () -> {}), keeper);
        environment.signals.remove(environment.signals.size() - 1);
        board.workerStarted(first);
        board.workerStarted(second);
        boolean wanted = board.isWanted(second);
        board.workerEnded(second);
        board.workerEnded(first);
        return wanted;
    }

    @Test
    void howBusyTheSlotsAreIsLearntEvery50Ms() {
        environment.pass(Duration.ofMinutes(1));
        enroll(4);
        Worker worker = startUnasked();
        List<Boolean> wanted = new ArrayList<>();
        body = (context, kbId) -> {
            switch (ran.size()) {
                case 1 -> environment.pass(Duration.ofMillis(1));
                case 2 -> {
                    for (int millis : new int[] {48, 1}) {
                        environment.pass(Duration.ofMillis(millis));
                        stepUnasked(worker);
                        wanted.add(isSecondWanted(worker));
                    }
                    environment.pass(Duration.ofMillis(10));
                }
                case 3 -> {
                    environment.pass(Duration.ofMillis(40));
                    stepUnasked(worker);
                    wanted.add(isSecondWanted(worker));
                }
                case 4 -> {
                    environment.pass(Duration.ofMillis(200));
                    stepUnasked(worker);
                    wanted.add(isSecondWanted(worker));
                }
                default -> {}
            }
        };
        bodies.runOne();
        assertThat(wanted)
                .as("1 of 49 ms, too early; 1 of 50 ms; 59 of 50 ms; 40 of 200 ms")
                .containsExactly(false, true, false, true);
    }

    @Test
    void theTimeForWhichTheStoreWasDownSaysNothingOfHowBusyTheSlotsAre() {
        enroll(1);
        Worker worker = startUnasked();
        body = (context, kbId) -> environment.pass(Duration.ofMillis(60));
        store.failing = true;
        bodies.runOne();
        stepUnasked(worker);
        environment.pass(Duration.ofSeconds(1));
        store.failing = false;
        stepUnasked(worker);
        assertThat(version(0)).isEqualTo(1);
        assertThat(isSecondWanted(worker)).isFalse();
    }

    @Test
    void howManyKbsAPartitionHoldsIsFirstLearntFromTheFirstPage() {
        OnePartition.enroll(OnePartition.kbs(6), config);
        startUnasked();
        board.update(environment.view(1, 0, FrozenEnvironment.floors(256), List.of(), List.of()));
        board.learnRate(1, 9, 0);
        assertThat(board.wantedWorkers()).as("for 256 times six").isEqualTo(2);
    }

    /** Of KB 0, while its first version runs, after something has happened to it. */
    private void itCannotSaveAfter(Runnable event, String why) {
        enroll(1);
        Worker worker = startUnasked();
        List<Boolean> cancelled = new ArrayList<>();
        body = (context, kbId) -> {
            event.run();
            assertThatThrownBy(() -> context.saveCheckpoint("here"))
                    .isInstanceOf(MigrationCancelledException.class)
                    .hasMessageContaining(why);
            cancelled.add(context.isCancelled());
        };
        bodies.runOne();
        stepUnasked(worker);
        assertThat(cancelled).containsExactly(true);
    }

    @Test
    void whoIsFencedOutSavesNoCheckpointAndHasToStop() {
        itCannotSaveAfter(() -> store.openEpochs(Set.of(OnePartition.NUMBER)), "taken over");
        assertThat(workers.size()).as("it has ended").isZero();
        assertThat(store.raised).isEmpty();
    }

    @Test
    void aKbThatIsForgottenSavesNoCheckpointAndHasToStop() {
        itCannotSaveAfter(() -> store.remove(Set.of(KBS.get(0))), "not enrolled");
    }

    @Test
    void aKbThatAnotherHasMovedSavesNoCheckpointAndHasToStop() {
        Epoch epoch = new Epoch(OnePartition.NUMBER, 1);
        itCannotSaveAfter(
                () -> store.write(Set.of(epoch), List.of(new KbWrite.Advanced(KBS.get(0), 0, 1))), "moved by another");
    }

    /** As in a build that has dropped its oldest migration. */
    @Test
    void aKbThatThisBuildCannotTakeOnIsLeftAloneAndTheFloorStays() {
        enroll(2);
        store.write(OnePartition.epochs(config), List.of(new KbWrite.Advanced(KBS.get(1), 0, 1)));
        use(environment.config(store, lock, bodies, migration(2)));
        runToTheEnd(start());
        assertThat(ran).containsExactly(KBS.get(1) + " to 2");
        assertThat(version(0)).isZero();
        assertThat(store.raised).isEmpty();
    }

    @Test
    void oneThatIsAskedForAndHasEverythingDoesNotKeepTheFloor() {
        enroll(2);
        store.write(OnePartition.epochs(config), List.of(new KbWrite.Advanced(KBS.get(1), 0, 2)));
        String request = ask(1, 0);
        runToTheEnd(start());
        assertThat(store.document(request)).isEmpty();
        assertThat(store.raised).containsExactly(2L);
    }
}
