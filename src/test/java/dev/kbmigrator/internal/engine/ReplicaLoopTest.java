package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.coordinator.GlobalExecution;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The loop of one replica, step by step. What it starts is run when the test says so. */
class ReplicaLoopTest {

    private static final Duration HALF_AN_HOUR = Duration.ofMinutes(30);
    private static final Duration NANO = Duration.ofNanos(1);

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final WatchedStore store = new WatchedStore(environment);
    private final Lock lock = environment.newLock();
    private final List<String> told = new ArrayList<>();
    /** How often it has looked until it is stopped, and whether it lets somebody coordinate then. */
    private int looks;

    private boolean coordinated;
    private EngineConfig config = newConfig();
    private ReplicaLoop replica = new ReplicaLoop(config, false);

    private EngineConfig newConfig(Migration... migrations) {
        environment.otherwise = this::runWhatIsLeft;
        environment.listeners = List.of(new MigratorListener() {
            @Override
            public void standingBy(String reason) {
                told.add(reason);
            }
        });
        return environment.config(store, lock, Runnable::run, migrations);
    }

    private void use(boolean once, Migration... migrations) {
        config = newConfig(migrations);
        replica = new ReplicaLoop(config, once);
    }

    private static KbMigration kb(long version) {
        return KbMigration.of(version, "kb", (context, kbId) -> {});
    }

    private static GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global", context -> {});
    }

    private FleetState state(long current, long open, long target, Migration... plan) {
        return new FleetState(
                0,
                0,
                current,
                open,
                target,
                Long.MAX_VALUE,
                0,
                FrozenEnvironment.catalogOf(plan).infos(),
                Json.object());
    }

    private void put(FleetState state) {
        store.put(FleetState.DOCUMENT, state.toJson());
    }

    private void pause() {
        store.put(FleetView.controlDocument(), "{\"paused\":true}");
    }

    private void anotherLeads() {
        assertThat(lock.tryAcquire(FleetView.lockName(Epoch.COORDINATOR), Duration.ofDays(1)))
                .isPresent();
    }

    private static StateStoreException down() {
        return new StateStoreException("the store is down");
    }

    private void fail(String call) {
        store.onCall = made -> {
            if (made.equals(call)) {
                throw down();
            }
        };
    }

    private void mend() {
        store.onCall = call -> {};
    }

    /** Once it stops, what it has started comes to its end. */
    private void runWhatIsLeft() {
        if (replica.board().isStopping()) {
            for (String name :
                    List.of(ScriptedEnvironment.COORDINATOR, ScriptedEnvironment.LISTING, ScriptedEnvironment.WORKER)) {
                while (environment.names().contains(name)) {
                    environment.run(name);
                }
            }
        }
    }

    private void stop() {
        looks = store.count(WatchedStore.LOOK);
        coordinated = coordinates();
        replica.stop();
    }

    /** Runs the loop; while it waits, one of these happens, and then it is stopped. */
    private void loop(Runnable... happenings) {
        environment.meanwhile(happenings);
        environment.meanwhile(this::stop);
        if (!environment.names().contains(ScriptedEnvironment.LOOP)) {
            replica.start();
        }
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).as("all that was planned").isTrue();
        assertThat(replica.hasEnded()).isTrue();
    }

    private boolean coordinates() {
        return environment.names().contains(ScriptedEnvironment.COORDINATOR);
    }

    // How it begins and ends

    @Test
    void aSingleRunThatFindsNothingToDoLooksOnceAndStartsNothing() {
        store.listed();
        use(true);
        replica.start();
        assertThat(replica.hasEnded()).isTrue();
        assertThat(replica.end()).isEqualTo(RunCompletion.End.DONE);
        assertThat(replica.fatal()).isNull();
        assertThat(replica.isBackground()).isFalse();
        assertThat(store.calls).containsExactly(WatchedStore.LOOK);
        assertThat(environment.names()).isEmpty();
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void inTheBackgroundItLooksInAThreadOfItsOwn() {
        store.listed();
        use(false);
        replica.start();
        assertThat(replica.isBackground()).isTrue();
        assertThat(store.calls).isEmpty();
        assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
        loop();
        assertThat(looks).isEqualTo(1);
        assertThat(replica.end()).isEqualTo(RunCompletion.End.CLOSED);
        assertThat(replica.fatal()).isNull();
    }

    @Test
    void whoIsStoppedWhileItWaitsLooksNoMore() {
        store.listed();
        use(false);
        loop(() -> {});
        assertThat(looks).isEqualTo(2);
        assertThat(store.count(WatchedStore.LOOK)).isEqualTo(looks);
    }

    @Test
    void aCallerWhoIsInterruptedAsksTheStoreNothing() {
        store.listed();
        use(true);
        Thread.currentThread().interrupt();
        try {
            replica.start();
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThat(store.calls).isEmpty();
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.end()).isEqualTo(RunCompletion.End.DONE);
    }

    @Test
    void aSingleRunGoesOnInAThreadOfItsOwnUntilTheFleetIsThere() {
        store.listed();
        use(true, global(1));
        replica.start();
        assertThat(replica.hasEnded()).isFalse();
        assertThat(replica.end()).isNull();
        environment.meanwhile(() -> environment.run(ScriptedEnvironment.COORDINATOR));
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.end()).isEqualTo(RunCompletion.End.DONE);
        assertThat(replica.globalParts()).containsExactly(1L);
        assertThat(replica.fatal()).isNull();
    }

    @Test
    void whoeverWaitsForTheEndIsWokenByIt() throws InterruptedException {
        store.listed();
        replica.start();
        long before = environment.nanoTime();
        environment.meanwhile(
                () -> {
                    // Another who waits for the same
                    try {
                        replica.awaitEnd(Duration.ofSeconds(10).toNanos());
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                },
                () -> {
                    replica.stop();
                    environment.run(ScriptedEnvironment.LOOP);
                });
        replica.awaitEnd(Duration.ofSeconds(10).toNanos());
        assertThat(replica.hasEnded()).isTrue();
        assertThat(environment.nanoTime()).isEqualTo(before);
    }

    @Test
    void nobodyWaitsForWhatHasEnded() throws InterruptedException {
        store.listed();
        use(true);
        replica.start();
        replica.awaitEnd(1);
        replica.awaitEnd(1);
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void whoeverWaitsForTheEndWaitsNoLongerThanHeWants() throws InterruptedException {
        replica.start();
        replica.awaitEnd(1);
        assertThat(environment.waits).containsExactly(NANO);
        replica.awaitEnd(2);
        assertThat(environment.waits).containsExactly(NANO, NANO.multipliedBy(2));
    }

    /** It is stopped, and waits for what it has started. */
    private void assertThatItEndsOnlyAfter(String... started) {
        List<Boolean> ended = new ArrayList<>();
        environment.meanwhile(replica::stop, () -> {
            ended.add(replica.hasEnded());
            List.of(started).forEach(environment::run);
        });
        replica.start();
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(ended).containsExactly(false);
        assertThat(replica.hasEnded()).isTrue();
        assertThat(environment.isAllDone()).isTrue();
    }

    @Test
    void itHasNotEndedBeforeItsCoordinatorHas() {
        store.listed();
        use(false, global(1));
        assertThatItEndsOnlyAfter(ScriptedEnvironment.COORDINATOR);
    }

    @Test
    void itHasNotEndedBeforeItsWorkersHave() {
        store.listed();
        store.allReached(0);
        put(state(0, 1, 1, kb(1)));
        anotherLeads();
        use(false, kb(1));
        assertThatItEndsOnlyAfter(ScriptedEnvironment.COORDINATOR, ScriptedEnvironment.WORKER);
    }

    @Test
    void itHasNotEndedBeforeItsListingHas() {
        use(false);
        assertThatItEndsOnlyAfter(ScriptedEnvironment.LISTING);
    }

    @Test
    void whatEndsByItselfStopsWhatItHasStarted() {
        store.listed();
        use(true, global(1));
        replica.start();
        environment.meanwhile(
                () -> {
                    pause();
                    replica.wake();
                },
                () -> {
                    assertThat(replica.board().isStopping()).isTrue();
                    environment.run(ScriptedEnvironment.COORDINATOR);
                });
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).isTrue();
        assertThat(replica.end()).isEqualTo(RunCompletion.End.PAUSED);
        assertThat(replica.fatal()).isNull();
        assertThat(store.state().current()).isZero();
    }

    @Test
    void anErrorOfItsOwnEndsIt() {
        store.listed();
        IllegalStateException error = new IllegalStateException("a fault of the engine");
        environment.meanwhile(() -> {
            throw error;
        });
        replica.start();
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.hasEnded()).isTrue();
        assertThat(replica.fatal()).isSameAs(error);
        assertThat(replica.end()).isEqualTo(RunCompletion.End.CLOSED);
    }

    @Test
    void anErrorOfTheMachineEndsItToo() {
        store.listed();
        OutOfMemoryError error = new OutOfMemoryError();
        environment.meanwhile(() -> {
            throw error;
        });
        replica.start();
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.hasEnded()).isTrue();
        assertThat(replica.fatal()).isInstanceOf(IllegalStateException.class).hasCause(error);
    }

    // What stops

    private ProbeExecution probe(ProbeExecution.Call call) {
        HeldScope held = new HeldScope(
                environment
                        .newLock()
                        .tryAcquire("partition", FrozenEnvironment.TTL)
                        .orElseThrow(),
                new Epoch(0, 1),
                environment.nanoTime() + FrozenEnvironment.TTL.toNanos(),
                () -> {});
        return new ProbeExecution(config, held, call);
    }

    private Execution.@Nullable Cancellation cancellationOfTheNext() {
        ProbeExecution probe = probe(() -> {});
        replica.slots().offer(List.of(probe));
        assertThat(probe.isSettled()).isTrue();
        return probe.cancellation();
    }

    @Test
    void onceStoppedItStartsNothingMore() {
        assertThat(cancellationOfTheNext()).isNull();
        replica.stop();
        assertThat(replica.board().isStopping()).isTrue();
        assertThat(cancellationOfTheNext()).isEqualTo(Execution.Cancellation.CLOSING);
    }

    @Test
    void whatRunsIsToldToStopAndInterruptedOnlyWhenThatIsAskedFor() {
        List<Boolean> noted = new ArrayList<>();
        ProbeExecution probe = probe(() -> {
            Execution running =
                    Objects.requireNonNull(replica.slots().busy().get(0).current());
            noted.add(running.isCancelled());
            replica.stop();
            noted.add(running.isCancelled());
            noted.add(Thread.currentThread().isInterrupted());
            replica.interrupt();
            noted.add(Thread.currentThread().isInterrupted());
        });
        replica.slots().offer(List.of(probe));
        assertThat(probe.cancellation()).isEqualTo(Execution.Cancellation.CLOSING);
        assertThat(noted)
                .as("told before; told, interrupted after it was stopped; interrupted")
                .containsExactly(false, true, false, true);
    }

    @Test
    void whileTheFleetIsPausedNothingIsStarted() {
        pause();
        replica.look();
        assertThat(cancellationOfTheNext()).isEqualTo(Execution.Cancellation.CLOSING);
        store.put(FleetView.controlDocument(), "{}");
        replica.look();
        assertThat(cancellationOfTheNext()).isNull();
    }

    // Whether it may serve

    @Test
    void itIsSafeToServeForHalfOfTheGraceAfterALook() {
        assertThat(replica.readiness().ready()).as("before the first look").isFalse();
        replica.look();
        assertThat(replica.readiness().ready()).isTrue();
        environment.pass(HALF_AN_HOUR);
        assertThat(replica.readiness().ready()).isTrue();
        environment.pass(NANO);
        assertThat(replica.readiness().ready()).isFalse();
        replica.look();
        assertThat(replica.readiness().ready()).isTrue();
    }

    @Test
    void theTimeCountsFromTheMomentAtWhichTheLookWasSent() {
        store.onCall = call -> environment.pass(NANO);
        replica.look();
        environment.pass(HALF_AN_HOUR.minus(NANO));
        assertThat(replica.readiness().ready()).isTrue();
        environment.pass(NANO);
        assertThat(replica.readiness().ready()).isFalse();
    }

    @Test
    void whatNeedsEveryReplicaAndIsUnknownHereIsNotSafeToServe() {
        use(false, kb(1));
        String plan =
                "\"plan\":[{\"version\":1,\"name\":\"kb\",\"kb\":true},{\"version\":2,\"name\":\"drop\",\"kb\":true,\"rollout\":true}]";
        store.put(FleetState.DOCUMENT, "{\"open\":1,\"target\":2," + plan + "}");
        replica.look();
        assertThat(replica.readiness().ready()).as("before it is open").isTrue();
        store.put(FleetState.DOCUMENT, "{\"open\":2,\"target\":2," + plan + "}");
        replica.look();
        assertThat(replica.readiness().ready()).isFalse();
    }

    // Looks

    @Test
    void whatAThoroughLookFindsIsLookedForAgainAtOnce() {
        store.listed();
        store.allReached(1);
        put(state(1, 1, 0, kb(1)));
        use(false, kb(1));
        store.shown = shown -> isThorough()
                ? new Snapshot(
                        shown.storeMicros(),
                        shown.documents(),
                        Collections.nCopies(Partitions.COUNT, 0L),
                        shown.recordCounts(),
                        shown.replicas())
                : shown;
        replica.look();
        assertThat(isThorough()).isFalse();
        environment.pass(Duration.ofHours(1));
        replica.look();
        assertThat(isThorough()).isTrue();
        replica.look();
        assertThat(isThorough()).as("again").isTrue();
    }

    private boolean isThorough() {
        return store.heartbeats.get(store.heartbeats.size() - 1).thorough();
    }

    @Test
    void slowLooksComeSeldom() {
        Duration slow = Duration.ofMinutes(1);
        store.onCall = call -> environment.pass(slow);
        replica.look();
        FleetView view = replica.look();
        assertThat(Duration.ofNanos(replica.pace().atBarrier(view))).isEqualTo(slow.multipliedBy(10));
    }

    @Test
    void theLooksOfAFleetThatOthersBringUpComeLessAndLessOften() {
        store.listed();
        store.allReached(1);
        put(state(0, 1, 2, global(1), global(2)));
        use(false);
        loop(() -> {}, () -> {}, () -> {}, () -> {});
        assertThat(environment.waits).map(Duration::toSeconds).containsExactly(4L, 8L, 16L, 32L, 64L);
    }

    @Test
    void whoWakesItHasItLookAtOnce() {
        store.listed();
        use(false);
        long before = environment.nanoTime();
        loop(replica::wake, replica::wake);
        assertThat(looks).isEqualTo(3);
        assertThat(environment.nanoTime()).isEqualTo(before);
    }

    // The target

    @Test
    void whatThisBuildKnowsBecomesTheTargetOnce() {
        store.listed();
        anotherLeads();
        use(false, global(1), global(2));
        loop(() -> {}, () -> environment.run(ScriptedEnvironment.COORDINATOR), () -> {});
        assertThat(store.state().target()).isEqualTo(2);
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(1);
    }

    @Test
    void whatItHasAnnouncedItSeesAtOnce() {
        store.listed();
        use(true, global(1));
        replica.start();
        assertThat(coordinates()).isTrue();
        assertThat(replica.board().view().state().target()).isEqualTo(1);
    }

    @Test
    void whatThisBuildKnowsBeyondALimitIsAnnouncedToo() {
        store.listed();
        put(state(1, 1, 0, global(1)).capped(1));
        use(false, global(1), global(2));
        loop(() -> {});
        assertThat(store.state().plan()).hasSize(2);
        assertThat(store.state().target()).isZero();
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(1);
    }

    @Test
    void whatOthersChangeMeanwhileIsLookedAtAgainAtOnce() {
        store.listed();
        use(false, global(1));
        boolean[] first = {true};
        store.onCall = call -> {
            if (call.equals(WatchedStore.CHANGE_STATE) && first[0]) {
                first[0] = false;
                put(state(0, 0, 0));
            }
        };
        List<Long> targets = new ArrayList<>();
        loop(() -> targets.add(store.state().target()));
        assertThat(targets).containsExactly(1L);
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(2);
    }

    @Test
    void aPausedFleetIsLeftAsItIs() {
        pause();
        use(false, kb(1));
        loop(() -> {});
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isZero();
        assertThat(environment.names()).isEmpty();
    }

    @Test
    void aConflictEndsASingleRun() {
        store.listed();
        put(state(0, 0, 1, kb(1)));
        use(true, global(1));
        replica.start();
        assertThat(replica.fatal())
                .isInstanceOf(InvalidMigrationsException.class)
                .hasMessageContaining("0001_kb");
        assertThat(environment.names()).isEmpty();
    }

    @Test
    void inTheBackgroundItStandsByAndSaysSoOnceForEachReason() {
        store.listed();
        put(state(0, 0, 1, kb(1)));
        anotherLeads();
        use(false, global(1));
        loop(() -> {}, () -> put(state(0, 0, 0)), () -> {});
        assertThat(told).hasSize(1).allSatisfy(reason -> assertThat(reason).contains("0001_kb"));
        assertThat(replica.fatal()).isNull();
    }

    // Who is at work

    @Test
    void whatIsDueHasOneWorkerAtFirst() {
        store.listed();
        put(state(0, 1, 1, kb(1)));
        use(true, kb(1));
        replica.start();
        assertThat(Collections.frequency(environment.names(), ScriptedEnvironment.WORKER))
                .isEqualTo(1);
        assertThat(replica.board().workers()).isEqualTo(1);
    }

    @Test
    void theHostsListIsGoneThroughWhenThatIsDue() {
        use(true);
        replica.start();
        assertThat(environment.names()).containsExactly(ScriptedEnvironment.LISTING, ScriptedEnvironment.LOOP);
        assertThat(replica.hasEnded()).isFalse();
        environment.run(ScriptedEnvironment.LISTING);
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.end()).isEqualTo(RunCompletion.End.DONE);
    }

    @Test
    void aPassWakesTheCoordinatorThatIsAtWork() {
        store.listed();
        use(true, kb(1));
        replica.start();
        assertThat(untilTheCoordinatorGoesOnAfterAPass()).isZero();
    }

    @Test
    void aPassLeavesTheCoordinatorAloneAsLongAsThisReplicaHasKbsInHand() {
        store.listed();
        put(state(0, 1, 1, kb(1)));
        use(true, kb(1));
        replica.start();
        assertThat(replica.board().workers()).isEqualTo(1);
        replica.wake();
        assertThat(untilTheCoordinatorGoesOnAfterAPass())
                .isEqualTo(config.timings().activeLook());
    }

    private Duration untilTheCoordinatorGoesOnAfterAPass() {
        long before = environment.nanoTime();
        List<Duration> passed = new ArrayList<>();
        environment.meanwhile(
                // The coordinator waits for KBs
                () -> environment.run(ScriptedEnvironment.LOOP),
                // The loop waits after its next pass
                () -> {
                    throw new IllegalStateException("enough");
                },
                // The coordinator waits again
                () -> {
                    passed.add(Duration.ofNanos(environment.nanoTime() - before));
                    replica.stop();
                });
        environment.run(ScriptedEnvironment.COORDINATOR);
        assertThat(passed).hasSize(1);
        return passed.get(0);
    }

    @Test
    void whoStopsWakesTheCoordinatorThatWaits() {
        store.listed();
        int signals = environment.signals();
        use(true, kb(1));
        ScriptedEnvironment.Wakeable loop = environment.signal(signals);
        replica.start();
        long before = environment.nanoTime();
        environment.meanwhile(
                // The coordinator waits for KBs, and the loop knows already what it has opened
                () -> {
                    loop.lower();
                    environment.run(ScriptedEnvironment.LOOP);
                },
                // The loop waits for its next pass
                replica::stop,
                // The loop waits for the coordinator
                () -> {
                    throw new IllegalStateException("enough");
                });
        environment.run(ScriptedEnvironment.COORDINATOR);
        assertThat(environment.isAllDone()).isTrue();
        assertThat(environment.nanoTime()).isEqualTo(before);
    }

    @Test
    void whatThisBuildDoesNotKnowItDoesNotCoordinate() {
        store.listed();
        put(state(0, 0, 1, global(1)));
        use(false);
        loop();
        assertThat(coordinated).isFalse();
    }

    @Test
    void aFleetThatIsThereNeedsNoCoordinator() {
        store.listed();
        put(state(1, 1, 0, global(1)));
        use(false, global(1));
        loop();
        assertThat(coordinated).isFalse();
    }

    @Test
    void aStageThatWaitsForReplicasNeedsNoCoordinatorYet() {
        store.listed();
        store.byOthers(
                () -> store.look(new Heartbeat("another", "host", "build", 0, true, DueFilter.BY_THE_CLOCK, false)));
        String plan = "\"plan\":[{\"version\":1,\"name\":\"kb\",\"kb\":true,\"rollout\":true}]";
        store.put(FleetState.DOCUMENT, "{\"target\":1," + plan + "}");
        use(false, kb(1));
        loop();
        assertThat(coordinated).isFalse();
    }

    @Test
    void aSingleRunDoesNotCoordinateAgainAfterAFailure() {
        store.listed();
        use(true, global(1));
        replica.globalPartFailed("broken");
        replica.start();
        assertThat(coordinates()).isFalse();
        assertThat(replica.end()).isEqualTo(RunCompletion.End.FAILED);
        assertThat(replica.globalFailure()).isEqualTo("broken");
    }

    @Test
    void aSingleRunDoesNotCoordinateAgainAfterTheHostsListHasFailed() {
        environment.knowledgeBoxes = () -> {
            throw new IllegalStateException("no list");
        };
        use(true, global(1));
        replica.start();
        environment.run(ScriptedEnvironment.COORDINATOR);
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(coordinates()).isFalse();
        assertThat(replica.end()).isEqualTo(RunCompletion.End.FAILED);
    }

    @Test
    void inTheBackgroundItCoordinatesAgainAfterAFailure() {
        store.listed();
        use(false, global(1));
        replica.globalPartFailed("broken");
        loop();
        assertThat(coordinated).isTrue();
    }

    // What a single run counts as due, and as failed

    @Test
    void aSingleRunTriesWhateverHadFailedBeforeItBegan() {
        store.listed();
        anotherLeads();
        use(true, global(1));
        long began = environment.micros();
        replica.start();
        environment.meanwhile(() -> environment.run(ScriptedEnvironment.COORDINATOR), replica::stop);
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(store.heartbeats.stream().map(Heartbeat::due).toList())
                .startsWith(new DueFilter(Long.MAX_VALUE), new DueFilter(began))
                .hasSizeGreaterThan(2)
                .filteredOn(due -> !due.equals(new DueFilter(began)))
                .hasSize(1);
    }

    @Test
    void inTheBackgroundItGoesByTheClock() {
        store.listed();
        use(false);
        loop(() -> {});
        assertThat(store.heartbeats)
                .hasSizeGreaterThan(1)
                .allSatisfy(heartbeat -> assertThat(heartbeat.due()).isEqualTo(DueFilter.BY_THE_CLOCK));
    }

    private void globalPartFailedElsewhere() {
        store.put(
                GlobalExecution.documentOf(1),
                "{\"failures\":1,\"error\":\"broken\",\"failedMicros\":%d}".formatted(environment.micros()));
    }

    @Test
    void aSingleRunEndsWhenTheGlobalPartFailsElsewhereButNotByAnOlderFailure() {
        store.listed();
        put(state(0, 1, 1, global(1)));
        globalPartFailedElsewhere();
        environment.pass(Duration.ofSeconds(1));
        anotherLeads();
        use(true, global(1));
        replica.start();
        // After each pass it finds that another leads
        environment.meanwhile(() -> environment.run(ScriptedEnvironment.COORDINATOR), () -> {
            assertThat(replica.globalFailure()).isNull();
            environment.run(ScriptedEnvironment.COORDINATOR);
            globalPartFailedElsewhere();
        });
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).isTrue();
        assertThat(replica.end()).isEqualTo(RunCompletion.End.FAILED);
        assertThat(replica.globalFailure()).contains("0001_global", "broken");
        assertThat(store.count(WatchedStore.LOOK)).as("with the next look").isEqualTo(3);
    }

    // What goes wrong

    @Test
    void aSingleRunThatCannotEvenLookEndsAtOnce() {
        fail(WatchedStore.LOOK);
        use(true);
        replica.start();
        assertThat(replica.hasEnded()).isTrue();
        assertThat(replica.fatal()).isInstanceOf(StateStoreException.class);
        assertThat(environment.names()).isEmpty();
    }

    @Test
    void inTheBackgroundItOutlivesAStoreThatIsDown() {
        store.listed();
        fail(WatchedStore.LOOK);
        use(false);
        loop(() -> {}, this::mend);
        assertThat(environment.waits)
                .startsWith(Duration.ofMillis(100), Duration.ofMillis(200))
                .last()
                .isEqualTo(config.timings().idleLook());
        assertThat(replica.fatal()).isNull();
        assertThat(replica.board().viewOrNull()).isNotNull();
    }

    /** A single run that waits for others, and has looked once. */
    private void beginToWait() {
        store.listed();
        anotherLeads();
        use(true, global(1));
        replica.start();
        environment.run(ScriptedEnvironment.COORDINATOR);
        replica.wake();
    }

    @Test
    void aSingleRunOutlivesAStoreThatIsAwayForLessThanTwoLeases() {
        beginToWait();
        fail(WatchedStore.LOOK);
        environment.meanwhile(() -> environment.pass(FrozenEnvironment.TTL), this::mend, replica::stop);
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).isTrue();
        assertThat(replica.fatal()).isNull();
    }

    @Test
    void aSingleRunEndsWhenTheStoreIsAwayForMoreThanTwoLeases() {
        beginToWait();
        fail(WatchedStore.LOOK);
        environment.meanwhile(() -> environment.pass(FrozenEnvironment.TTL.multipliedBy(2)));
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(replica.fatal()).isInstanceOf(StateStoreException.class);
    }

    @Test
    void aSlowLookAfterAFailureIsNoEnd() {
        beginToWait();
        fail(WatchedStore.LOOK);
        environment.meanwhile(
                () -> store.onCall = call -> environment.pass(FrozenEnvironment.TTL.multipliedBy(3)), () -> {
                    mend();
                    replica.stop();
                });
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).isTrue();
        assertThat(replica.fatal()).isNull();
    }

    @Test
    void itKnowsWhatItsGlobalPartsHaveDone() {
        replica.globalPartFailed("broken");
        assertThat(replica.globalFailure()).isEqualTo("broken");
        replica.globalPartRan(3);
        assertThat(replica.globalFailure()).isNull();
        assertThat(replica.globalParts()).containsExactly(3L);
    }
}
