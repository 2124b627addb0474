package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.coordinator.GlobalExecution;
import dev.kbmigrator.internal.engine.RunCompletion.End;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.listing.ListingSchedule;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
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
import java.util.List;
import java.util.Objects;
import java.util.Set;
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
    private EngineConfig config = newConfig(KBS);
    private PartitionQueue board = new PartitionQueue(config, environment.newSignal());
    private ExecutionPool slots = new ExecutionPool(config, () -> {});
    private KbListing enrolment = new KbListing(config, board);
    private ListingSchedule listings = new ListingSchedule(config, enrolment, environment.newSignal(), true);
    private RunCompletion run = new RunCompletion(config, board, slots, listings, enrolment);

    private EngineConfig newConfig(Migration... migrations) {
        return environment.config(store, MemoryLock.create(() -> 0), RunCompletionTest::reject, migrations);
    }

    private static void reject(Runnable task) {
        throw new IllegalStateException("the pool is full");
    }

    private void use(EngineConfig another) {
        config = another;
        board = new PartitionQueue(config, environment.newSignal());
        slots = new ExecutionPool(config, () -> {});
        enrolment = new KbListing(config, board);
        listings = new ListingSchedule(config, enrolment, environment.newSignal(), true);
        run = new RunCompletion(config, board, slots, listings, enrolment);
    }

    private static FleetState target(Migration migration) {
        return FleetState.initial(0).extended(List.of(MigrationInfo.of(migration)));
    }

    /** What a look shows of a fleet whose KBs are at version 1, but for those of so many partitions. */
    private FleetView look(FleetState state, int partitionsBelow, KbRecordCount... attempts) {
        return look(state, partitionsBelow, List.of(attempts), List.of());
    }

    private FleetView look(
            FleetState state, int partitionsBelow, List<KbRecordCount> attempts, List<ReplicaState> replicas) {
        List<Document> documents = new ArrayList<>(store.documents(Document.ANNOUNCED));
        documents.add(new Document(FleetState.DOCUMENT, 1, state.toJson()));
        Snapshot snapshot = new Snapshot(
                FrozenEnvironment.STORE_MICROS,
                documents,
                FrozenEnvironment.floors(partitionsBelow),
                attempts,
                replicas);
        return FleetView.of(snapshot, environment.nanoTime(), config.catalog(), 0);
    }

    private @Nullable End endOf(FleetView view) {
        return run.endOf(view, false, null);
    }

    private void failToList() {
        environment.knowledgeBoxes = () -> {
            throw new IllegalStateException("no list");
        };
        use(newConfig(KBS));
        FleetView view = look(TO_MIGRATE_KBS.reached(1), 0);
        board.update(view);
        assertThat(enrolment.list(view)).isFalse();
    }

    private void recordGlobalFailure(long failedMicros) {
        String record = "{\"failures\":2,\"error\":\"broken\",\"failedMicros\":" + failedMicros + "}";
        assertThat(store.compareAndSet(GlobalExecution.documentOf(1), 0, record, null))
                .isTrue();
    }

    @Test
    void itIsDoneWhenTheFleetIsWhereItShouldBe() {
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void itEndsWhenTheFleetIsPausedWhateverThereIsToDo() {
        store.compareAndSet(FleetView.controlDocument(), 0, "{\"paused\":true}", null);
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 3))).isEqualTo(End.PAUSED);
    }

    @Test
    void itGoesOnWhileAWorkerIsAtWork() {
        board.update(look(TO_MIGRATE_KBS.reached(1), 0));
        Worker worker = new Worker(config, board, slots, new LeaseKeeper(config, slots));
        board.workerStarted(worker);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isNull();
        board.workerEnded(worker);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void itGoesOnWhileTheHostsListIsGoneThroughAndUntilALookShowsWhatThatBrought() {
        FleetView before = look(TO_MIGRATE_KBS.reached(1), 0);
        board.update(before);
        listings.startIfDue(before);
        assertThat(listings.isRunning()).isTrue();
        assertThat(endOf(before)).as("while it runs").isNull();
        environment.pass(NANO);
        environment.started.runOne();
        assertThat(listings.isRunning()).isFalse();
        assertThat(endOf(before)).as("with an older look").isNull();
        environment.pass(NANO);
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.DONE);
    }

    @Test
    void aCoordinatorOpensItsStageFirst() {
        FleetView closed = look(TO_MIGRATE_KBS, 0);
        assertThat(run.endOf(closed, true, "an earlier failure")).isNull();
        assertThat(run.endOf(closed, false, "an earlier failure"))
                .as("where another coordinates")
                .isEqualTo(End.FAILED);
        assertThat(run.endOf(look(TO_MIGRATE_KBS.opened(1), 0), true, "a failure"))
                .as("in an open stage")
                .isEqualTo(End.FAILED);
    }

    @Test
    void itGoesOnWhileKbsAreDueThatThisReplicaCanMigrate() {
        FleetView view = look(TO_MIGRATE_KBS.opened(1), 2);
        assertThat(endOf(view)).isNull();
        board.cannotFinish(Set.of(0));
        assertThat(endOf(view)).as("one of two partitions").isNull();
        board.cannotFinish(Set.of(1));
        assertThat(endOf(view)).as("all it can do is done").isEqualTo(End.FAILED);
    }

    @Test
    void whatIsLeftAloneIsAFailureInAFleetThatHasNoTargetToo() {
        board.cannotFinish(Set.of(0));
        assertThat(endOf(look(TO_MIGRATE_KBS.reached(1), 0))).isEqualTo(End.FAILED);
    }

    @Test
    void aKbThatWaitsForItsNextAttemptIsAFailure() {
        KbRecordCount waiting = new KbRecordCount(0, 1, 0, 1, 0, Long.MAX_VALUE);
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
        assertThat(run.endOf(look(TO_MIGRATE_KBS.opened(1), 0), false, "a failure"))
                .isEqualTo(End.FAILED);
    }

    @Test
    void itGoesOnWhileSomeoneCoordinates() {
        assertThat(endOf(look(TO_MIGRATE_KBS.opened(1), 0))).isNull();
    }

    @Test
    void itIsDoneWhenNobodyHereCanBringTheFleetOn() {
        FleetState beyond = FleetState.initial(0)
                .extended(List.of(MigrationInfo.of(KBS), new MigrationInfo(2, "of_a_newer_build", true, false)))
                .reached(1);
        assertThat(endOf(look(beyond, 0))).isEqualTo(End.DONE);
    }

    @Test
    void itIsDoneWhenTheFleetWaitsForReplicasThatDoNotKnowTheNextVersion() {
        FleetState rollout = FleetState.initial(0).extended(List.of(new MigrationInfo(1, "kbs", true, false, true)));
        ReplicaState older = FrozenEnvironment.replica(0, Duration.ZERO);
        assertThat(endOf(look(rollout, 0, List.of(), List.of(older)))).isEqualTo(End.DONE);
        assertThat(endOf(look(rollout, 0, List.of(), List.of())))
                .as("when all know it")
                .isNull();
    }

    @Test
    void aGlobalFailureOfAnotherReplicaCountsFromTheBeginningOfTheRunOn() {
        use(newConfig(GLOBAL));
        FleetView view = look(TO_MIGRATE_GLOBALLY.opened(1), 0);
        run.began(view);
        assertThat(run.globalFailureElsewhere(view)).as("there is none").isNull();
        recordGlobalFailure(FrozenEnvironment.STORE_MICROS);
        assertThat(run.globalFailureElsewhere(view))
                .isEqualTo("0001_global has failed 2 times, the last time with broken");
        assertThat(run.globalFailureElsewhere(look(TO_MIGRATE_GLOBALLY.reached(1), 0)))
                .as("when the fleet is beyond it")
                .isNull();
    }

    @Test
    void anEarlierOneDoesNot() {
        use(newConfig(GLOBAL));
        FleetView view = look(TO_MIGRATE_GLOBALLY.opened(1), 0);
        run.began(view);
        recordGlobalFailure(FrozenEnvironment.STORE_MICROS - 1);
        assertThat(run.globalFailureElsewhere(view)).isNull();
    }

    @Test
    void aStoreThatHasNeverAnsweredIsHopelessAtOnce() {
        RuntimeException trouble = new IllegalStateException("refused");
        assertThat(run.hopeless(trouble, 0)).isSameAs(trouble);
        assertThat(run.hopeless(null, 0)).as("no trouble").isNull();
    }

    @Test
    void aStoreThatHasAnsweredIsHopelessAfterTwoTtls() {
        RuntimeException trouble = new IllegalStateException("refused");
        board.update(look(TO_MIGRATE_KBS, 0));
        assertThat(run.hopeless(trouble, TWO_TTLS.toNanos())).isNull();
        assertThat(run.hopeless(trouble, TWO_TTLS.toNanos() + 1)).isSameAs(trouble);
    }

    @Test
    void anExecutorThatHasTakenNothingForATtlEndsIt() {
        environment.pass(Duration.ofHours(1));
        assertThat(run.nothingCanBeStarted()).isNull();
        ProbeExecution body = new ProbeExecution(config, FrozenEnvironment.held(() -> {}), () -> {});
        Throwable rejected = catchThrowable(() -> slots.offer(List.of(body)));
        assertThat(rejected).hasMessageContaining("the pool is full");
        environment.pass(FrozenEnvironment.TTL);
        assertThat(run.nothingCanBeStarted()).as("there is hope").isNull();
        environment.pass(NANO);
        assertThat(Objects.requireNonNull(run.nothingCanBeStarted()))
                .hasMessageStartingWith("the host's executor has taken nothing since PT30.000000001S ago: ")
                .hasMessageEndingWith("the pool is full")
                .hasCause(Objects.requireNonNull(rejected.getCause()));
    }

    private void fail(RuntimeException how) {
        Throwable thrown = catchThrowable(() -> board.asked(() -> {
            throw how;
        }));
        assertThat(thrown).isSameAs(how);
    }

    @Test
    void aLockServiceThatHasNotAnsweredForTwoTtlsEndsIt() {
        RuntimeException down = new IllegalStateException("the lock service is down");
        board.asked(() -> true);
        fail(down);
        environment.pass(TWO_TTLS);
        assertThat(run.nothingCanBeStarted()).as("there is hope").isNull();
        environment.pass(NANO);
        assertThat(Objects.requireNonNull(run.nothingCanBeStarted()))
                .hasMessageContaining("the lock service does not answer")
                .hasCause(down);
    }

    @Test
    void oneThatHasNeverAnsweredEndsItAtOnce() {
        fail(new IllegalStateException("the lock service is down"));
        assertThat(run.nothingCanBeStarted()).hasMessageContaining("the lock service does not answer");
    }
}
