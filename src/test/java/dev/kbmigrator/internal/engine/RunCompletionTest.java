package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.engine.RunCompletion.End;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.listing.ListingSchedule;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.Worker;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When a run ends whose fleet is at version 0 and is to reach version 1. */
class RunCompletionTest {

    private static final Duration NANO = Duration.ofNanos(1);
    private static final Duration TWO_TTLS = FrozenEnvironment.TTL.multipliedBy(2);
    private static final KbMigration KBS = KbMigration.of(1, "kbs", (context, kbId) -> {});
    private static final GlobalMigration GLOBAL = GlobalMigration.of(1, "global", context -> {});

    private static final FleetState TO_MIGRATE_KBS = target(KBS);
    private static final FleetState TO_MIGRATE_GLOBALLY = target(GLOBAL);

    private final ManualEnvironment environment = new ManualEnvironment();

    private final StateStore store = FrozenEnvironment.emptyStore();
    private final DocumentUpdate documents = new DocumentUpdate(store);
    private EngineConfig config = newConfig(new EmptyHost(), KBS);
    private Replica replica = new Replica();

    /** What a run's end depends on. */
    private final class Replica {

        private final PartitionQueue queue =
                new PartitionQueue(config.concurrency(), config.timings(), environment, environment.newSignal());
        private final FleetObserver observer =
                new FleetObserver(config.store(), config.build(), config.timings(), environment);
        private final ExecutionPool pool =
                new ExecutionPool(config.host().executor(), config.concurrency().kbs(), environment, () -> {});
        private final LeaseKeeper keeper =
                new LeaseKeeper(config.storage(), config.timings().leaseTtl(), environment, () -> false);
        private final ReplicaServices services = new ReplicaServices(observer, pool, keeper, new Troubles(environment));
        private final HostKbs host = new HostKbs(config.host().knowledgeBoxes(), "replica");
        private final KbListing listing =
                new KbListing(store, host, observer, config.timings(), environment, queue::isStopping);
        private final ListingSchedule listings = new ListingSchedule(
                listing, store, RunMode.SINGLE_RUN, config.timings(), environment, environment.newSignal());
        private final RunCompletion run = new RunCompletion(
                environment,
                config.timings(),
                config.build(),
                documents,
                services,
                new RunCompletion.Work(queue, listing, listings));

        private Replica() {
            observer.subscribe(queue::update);
        }

        /** Starts a worker, which ends when it is run and there is nothing to take. */
        private Worker startWorker() {
            Environment.Signal signal = environment.newSignal();
            Worker worker = new Worker(config, services, queue, host, signal);
            queue.workerStarted(signal);
            return worker;
        }
    }

    /** Lists no KB, and has none. */
    private static final class EmptyHost implements KnowledgeBoxes {

        @Override
        public Stream<String> ids() {
            return Stream.empty();
        }

        @Override
        public Collection<String> existing(Collection<String> kbIds) {
            return List.of();
        }
    }

    private EngineConfig newConfig(KnowledgeBoxes knowledgeBoxes, Migration... migrations) {
        environment.knowledgeBoxes = knowledgeBoxes;
        return environment.config(store, MemoryLock.create(() -> 0), RunCompletionTest::reject, migrations);
    }

    private static void reject(Runnable task) {
        throw new IllegalStateException("the pool is full");
    }

    private void use(EngineConfig another) {
        config = another;
        replica = new Replica();
    }

    private static FleetState target(Migration migration) {
        return FleetState.initial(0).extended(List.of(MigrationInfo.of(migration)));
    }

    /** What a look shows of a fleet whose KBs are at version 1, except those of so many partitions. */
    private FleetView look(FleetState state, int partitionsBelow, KbRecordCount... attempts) {
        return look(state, partitionsBelow, List.of(attempts), List.of());
    }

    private FleetView look(
            FleetState state, int partitionsBelow, List<KbRecordCount> attempts, List<ReplicaState> replicas) {
        List<Document> shown = new ArrayList<>(store.documents(Document.ANNOUNCED));
        shown.add(new Document(FleetState.DOCUMENT, 1, state.toJson()));
        Snapshot snapshot = new Snapshot(
                FrozenEnvironment.STORE_MICROS, shown, FrozenEnvironment.floors(partitionsBelow), attempts, replicas);
        return FleetView.of(snapshot, environment.nanoTime(), config.build().reader(config.timings()));
    }

    private @Nullable End endOf(FleetView view) {
        return replica.run.endOf(view, false, null);
    }

    private void failToList() {
        KnowledgeBoxes broken = () -> {
            throw new IllegalStateException("no list");
        };
        use(newConfig(broken, KBS));
        assertThat(replica.listing.list(look(TO_MIGRATE_KBS.reached(1), 0))).isFalse();
    }

    /** A worker finds a KB in that partition which the host does not have. */
    private void cannotFinish(int partition) {
        documents.replace(
                FleetState.DOCUMENT,
                null,
                before -> Optional.of(TO_MIGRATE_KBS.opened(1).toJson()));
        store.enroll(OnePartition.kbsOf(partition, 1), 0);
        replica.observer.look();
        replica.startWorker().run();
        assertThat(replica.queue.unfinishable()).contains(partition);
    }

    private void recordGlobalFailure(long failedMicros) {
        String record = "{\"failures\":2,\"error\":\"broken\",\"failedMicros\":" + failedMicros + "}";
        assertThat(store.compareAndSet(GlobalPartRecord.documentOf(1), 0, record, null))
                .isTrue();
    }

    @Test
    void itIsDoneWhenTheFleetIsWhereItShouldBe() {
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void itEndsWhenTheFleetIsPausedWhateverIsDue() {
        store.compareAndSet(ControlDocument.NAME, 0, "{\"paused\":true}", null);
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 3))).isEqualTo(End.PAUSED);
    }

    @Test
    void itGoesOnWhileAWorkerIsAtWork() {
        replica.observer.look();
        Worker worker = replica.startWorker();
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isNull();
        worker.run();
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void itGoesOnUntilALookShowsWhatTheListBrought() {
        FleetView before = look(TO_MIGRATE_KBS.reached(1), 0);
        replica.observer.look();
        replica.listings.startIfDue(before);
        assertThat(replica.listings.isRunning()).isTrue();
        assertThat(endOf(before)).as("while it runs").isNull();
        environment.pass(NANO);
        environment.started.runOne();
        assertThat(replica.listings.isRunning()).isFalse();
        assertThat(endOf(before)).as("with an older look").isNull();
        environment.pass(NANO);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void aCoordinatorOpensItsStageFirst() {
        FleetView closed = look(TO_MIGRATE_KBS, 0);
        assertThat(replica.run.endOf(closed, true, "an earlier failure")).isNull();
        assertThat(replica.run.endOf(closed, false, "an earlier failure"))
                .as("where another coordinates")
                .isEqualTo(End.FAILED);
        assertThat(replica.run.endOf(look(TO_MIGRATE_KBS.opened(1), 0), true, "a failure"))
                .as("in an open stage")
                .isEqualTo(End.FAILED);
    }

    @Test
    void itGoesOnWhileKbsAreDueThatThisReplicaCanMigrate() {
        FleetView view = look(TO_MIGRATE_KBS.opened(1), 2);
        assertThat(endOf(view)).isNull();
        cannotFinish(0);
        assertThat(endOf(view)).as("one of two partitions").isNull();
        cannotFinish(1);
        assertThat(endOf(view)).as("all it can do is done").isEqualTo(End.FAILED);
    }

    @Test
    void aKbLeftAloneIsAFailureWithoutATargetToo() {
        cannotFinish(0);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.FAILED);
    }

    @Test
    void aKbThatWaitsForItsNextAttemptIsAFailure() {
        KbRecordCount waiting = new KbRecordCount(0, 1, 0, 1, 0, Long.MAX_VALUE, 1);
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 0, waiting))).isEqualTo(End.FAILED);
    }

    @Test
    void aListThatFailsIsAFailure() {
        failToList();
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 0))).isEqualTo(End.FAILED);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.FAILED);
    }

    @Test
    void aGlobalPartThatFailsIsAFailure() {
        assertThat(replica.run.endOf(look(TO_MIGRATE_KBS.opened(1), 0), false, "a failure"))
                .isEqualTo(End.FAILED);
    }

    @Test
    void itGoesOnWhileSomeoneCoordinates() {
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 0))).isNull();
    }

    @Test
    void itIsDoneWhenThisBuildCannotCoordinateTheNextStage() {
        FleetState beyond = FleetState.initial(0)
                .extended(List.of(MigrationInfo.of(KBS), new MigrationInfo(2, "of_a_newer_build", true, false)))
                .reached(1);
        assertThat(endOf(look(beyond, 0))).isEqualTo(End.DONE);
    }

    @Test
    void itIsDoneWhenTheFleetWaitsForAFullRollout() {
        FleetState rollout = FleetState.initial(0).extended(List.of(new MigrationInfo(1, "kbs", true, false, true)));
        ReplicaState older = FrozenEnvironment.replica(0, Duration.ZERO);
        assertThat(endOf(look(rollout, 0, List.of(), List.of(older)))).isEqualTo(End.DONE);
        assertThat(endOf(look(rollout, 0, List.of(), List.of())))
                .as("when all know it")
                .isNull();
    }

    @Test
    void aGlobalFailureElsewhereCountsFromTheStartOfTheRun() {
        use(newConfig(new EmptyHost(), GLOBAL));
        FleetView view = look(TO_MIGRATE_GLOBALLY.opened(1), 0);
        replica.run.began(view);
        assertThat(replica.run.globalFailureElsewhere(view)).as("there is none").isNull();
        recordGlobalFailure(FrozenEnvironment.STORE_MICROS);
        assertThat(replica.run.globalFailureElsewhere(view))
                .isEqualTo("0001_global has failed 2 times, the last time with broken");
        assertThat(replica.run.globalFailureElsewhere(look(TO_MIGRATE_GLOBALLY.reached(1), 0)))
                .as("when the fleet is beyond it")
                .isNull();
    }

    @Test
    void aGlobalFailureElsewhereBeforeTheRunDoesNotCount() {
        use(newConfig(new EmptyHost(), GLOBAL));
        FleetView view = look(TO_MIGRATE_GLOBALLY.opened(1), 0);
        replica.run.began(view);
        recordGlobalFailure(FrozenEnvironment.STORE_MICROS - 1);
        assertThat(replica.run.globalFailureElsewhere(view)).isNull();
    }

    @Test
    void aStoreThatHasNeverRespondedIsHopelessAtOnce() {
        RuntimeException error = new IllegalStateException("refused");
        assertThat(replica.run.hopeless(error)).isSameAs(error);
        assertThat(replica.run.hopeless(null)).as("no error").isNull();
    }

    /** A step that is tried every ten seconds fails for that long. */
    private void fail(String step, Duration time, RuntimeException error) {
        Duration pause = Duration.ofSeconds(10);
        replica.services.troubles().failed(step, error);
        for (Duration passed = pause; passed.compareTo(time) <= 0; passed = passed.plus(pause)) {
            environment.pass(pause);
            replica.services.troubles().failed(step, error);
        }
    }

    @Test
    void aStepThatFailsAtEachAttemptForTwoTtlsEndsIt() {
        RuntimeException error = new IllegalStateException("the disk is full");
        environment.pass(Duration.ofHours(1));
        replica.observer.look();
        fail("raise floors", TWO_TTLS.minusSeconds(10), error);
        environment.pass(Duration.ofSeconds(10).minus(NANO));
        assertThat(replica.run.hopeless(null)).as("there is hope").isNull();
        environment.pass(NANO);
        assertThat(Objects.requireNonNull(replica.run.hopeless(null)))
                .isInstanceOf(MigratorException.class)
                .hasMessageStartingWith("cannot raise floors: ")
                .hasMessageContaining("the disk is full. All 6 attempts since 1969-12-31T23:59:00Z (for 60 s)")
                .hasCause(error);
    }

    @Test
    void aStepThatSucceededMeanwhileDoesNotEndIt() {
        replica.observer.look();
        fail("raise floors", TWO_TTLS, new IllegalStateException("the disk is full"));
        replica.services.troubles().succeeded("raise floors");
        fail("raise floors", TWO_TTLS.minusSeconds(10), new IllegalStateException("the disk is full"));
        assertThat(replica.run.hopeless(null)).isNull();
    }

    @Test
    void whatNobodyTriesAnyMoreDoesNotEndIt() {
        replica.observer.look();
        fail("raise floors", FrozenEnvironment.TTL.minusSeconds(10), new IllegalStateException("the disk is full"));
        environment.pass(Duration.ofSeconds(40));
        assertThat(replica.run.hopeless(null)).isNull();
    }

    @Test
    void nothingEndsItWhileSomethingMovesElsewhere() {
        replica.observer.look();
        replica.run.saw(look(TO_MIGRATE_KBS, 2));
        fail("raise floors", TWO_TTLS.minusSeconds(10), new IllegalStateException("the disk is full"));
        replica.run.saw(look(TO_MIGRATE_KBS, 1));
        fail("raise floors", Duration.ofSeconds(10), new IllegalStateException("the disk is full"));
        assertThat(replica.run.hopeless(null)).as("a floor has moved").isNull();
        replica.run.saw(look(TO_MIGRATE_KBS, 1));
        fail("raise floors", TWO_TTLS, new IllegalStateException("the disk is full"));
        assertThat(replica.run.hopeless(null)).as("the same floors again").isNotNull();
    }

    @Test
    void aRecordThatBecomesDueIsNoMovement() {
        replica.observer.look();
        replica.run.saw(look(TO_MIGRATE_KBS, 0, new KbRecordCount(0, 1, 0, 1, 0, 7, 1)));
        fail("raise floors", TWO_TTLS, new IllegalStateException("the disk is full"));
        replica.run.saw(look(TO_MIGRATE_KBS, 0, new KbRecordCount(0, 1, 1, 0, 0, Long.MAX_VALUE, 1)));
        assertThat(replica.run.hopeless(null)).isNotNull();
        replica.run.saw(look(TO_MIGRATE_KBS, 0, new KbRecordCount(0, 1, 2, 0, 0, Long.MAX_VALUE, 2)));
        assertThat(replica.run.hopeless(null)).as("another record").isNull();
    }

    @Test
    void anExecutionThatRunsKeepsItGoing() {
        // Before the lease of the execution ends
        environment.pass(Duration.ofHours(-1));
        use(environment.config(store, MemoryLock.create(() -> 0), Runnable::run, KBS));
        replica.observer.look();
        fail("raise floors", TWO_TTLS, new IllegalStateException("the disk is full"));
        List<@Nullable RuntimeException> meanwhile = new ArrayList<>();
        ProbeExecution execution = new ProbeExecution(
                config, FrozenEnvironment.held(() -> {}), () -> meanwhile.add(replica.run.hopeless(null)));
        replica.pool.offer(List.of(execution));
        assertThat(meanwhile).containsExactly((RuntimeException) null);
        assertThat(replica.run.hopeless(null)).isNotNull();
    }

    @Test
    void anExecutorThatAcceptsNothingForATtlEndsIt() {
        environment.pass(Duration.ofHours(1));
        assertThat(replica.run.nothingCanBeStarted()).isNull();
        ProbeExecution execution = new ProbeExecution(config, FrozenEnvironment.held(() -> {}), () -> {});
        Throwable rejected = catchThrowable(() -> replica.pool.offer(List.of(execution)));
        assertThat(rejected).hasMessageContaining("the pool is full");
        environment.pass(FrozenEnvironment.TTL);
        assertThat(replica.run.nothingCanBeStarted()).as("there is hope").isNull();
        environment.pass(NANO);
        assertThat(Objects.requireNonNull(replica.run.nothingCanBeStarted()))
                .hasMessageStartingWith("the host's executor has not accepted a task for 30 s: ")
                .hasMessageEndingWith("the pool is full")
                .hasCause(Objects.requireNonNull(rejected.getCause()));
    }

    private void fail(RuntimeException how) {
        Throwable thrown = catchThrowable(() -> replica.keeper.lockOutage().watch(() -> {
            throw how;
        }));
        assertThat(thrown).isSameAs(how);
    }

    @Test
    void aLockServiceThatOnceRespondedIsAStepLikeAnyOther() {
        replica.keeper.lockOutage().watch(() -> true);
        fail(new IllegalStateException("the lock service is down"));
        environment.pass(TWO_TTLS.plus(NANO));
        assertThat(replica.run.nothingCanBeStarted()).isNull();
    }

    @Test
    void aLockServiceThatHasNeverRespondedEndsItAtOnce() {
        fail(new IllegalStateException("the lock service is down"));
        assertThat(replica.run.nothingCanBeStarted()).hasMessageContaining("the lock service does not respond");
    }
}
