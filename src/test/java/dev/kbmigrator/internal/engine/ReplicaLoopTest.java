package dev.kbmigrator.internal.engine;

import static dev.kbmigrator.internal.config.RunMode.BACKGROUND;
import static dev.kbmigrator.internal.config.RunMode.SINGLE_RUN;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.look.LookSchedule;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The loop of one replica, step by step. What it starts is run when the test says so. */
class ReplicaLoopTest {

    private static final Duration HALF_AN_HOUR = Duration.ofMinutes(30);
    private static final Duration NANO = Duration.ofNanos(1);

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final WatchedStore store = new WatchedStore(environment);
    private final Lock lock = environment.newLock();
    private final List<String> told = new ArrayList<>();
    private GlobalMigration.Part part = context -> {};

    /** How often it had looked when it was stopped. */
    private int looks;

    /** Whether its coordinator was started, and had not run, when it was stopped. */
    private boolean coordinated;

    private EngineConfig config = newConfig();
    private ReplicaLoop replica = new ReplicaLoop(config, BACKGROUND);

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

    private void use(RunMode mode, Migration... migrations) {
        config = newConfig(migrations);
        replica = new ReplicaLoop(config, mode);
    }

    private static KbMigration kb(long version) {
        return KbMigration.of(version, "kb", (context, kbId) -> {});
    }

    private GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global", context -> part.migrate(context));
    }

    private static void breakDown(MigrationContext context) {
        throw new IllegalStateException("broken");
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
                new Plan(FrozenEnvironment.catalogOf(plan).above(0)),
                Json.object());
    }

    private void put(FleetState state) {
        store.put(FleetState.DOCUMENT, state.toJson());
    }

    private void pause() {
        store.put(ControlDocument.NAME, "{\"paused\":true}");
    }

    private void resume() {
        store.put(ControlDocument.NAME, "{}");
    }

    private void anotherLeads() {
        assertThat(lock.tryAcquire(HeldScope.lockName(Epoch.COORDINATOR), Duration.ofDays(1)))
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

    private void recover() {
        store.onCall = call -> {};
    }

    /** Once it stops, what it has started comes to its end. */
    private void runWhatIsLeft() {
        if (replica.queue().isStopping()) {
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

    /** How it begins and ends. */
    @Nested
    class LifeCycle {

        @Test
        void aSingleRunWithNothingToDoLooksOnceAndStartsNothing() {
            store.listed();
            use(SINGLE_RUN);
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
            use(BACKGROUND);
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
        void aReplicaStoppedWhileItWaitsLooksNoMore() {
            store.listed();
            use(BACKGROUND);
            loop(() -> {});
            assertThat(looks).isEqualTo(2);
            assertThat(store.count(WatchedStore.LOOK)).isEqualTo(looks);
        }

        @Test
        void anInterruptedCallerAsksTheStoreNothing() {
            store.listed();
            use(SINGLE_RUN);
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
        void aSingleRunGoesOnInItsOwnThreadUntilTheTarget() {
            store.listed();
            use(SINGLE_RUN, global(1));
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
        void theEndWakesEveryoneWhoWaitsForIt() throws InterruptedException {
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
        void nobodyWaitsForAReplicaThatHasEnded() throws InterruptedException {
            store.listed();
            use(SINGLE_RUN);
            replica.start();
            replica.awaitEnd(1);
            replica.awaitEnd(1);
            assertThat(environment.waits).isEmpty();
        }

        @Test
        void aWaitForTheEndTakesNoLongerThanTheGivenTime() throws InterruptedException {
            replica.start();
            replica.awaitEnd(1);
            assertThat(environment.waits).containsExactly(NANO);
            replica.awaitEnd(2);
            assertThat(environment.waits).containsExactly(NANO, NANO.multipliedBy(2));
        }

        @Test
        void aWaitUntilADeadlineEndsThere() {
            replica.start();
            long deadline = environment.nanoTime() + 3;
            assertThat(replica.awaitEndUntil(deadline)).isFalse();
            assertThat(environment.nanoTime()).isEqualTo(deadline);
            assertThat(replica.awaitEndUntil(deadline)).as("once more").isFalse();
            assertThat(environment.waits).containsExactly(NANO.multipliedBy(3));
        }

        @Test
        void aWaitUntilADeadlineEndsWithTheReplica() {
            store.listed();
            replica.start();
            long before = environment.nanoTime();
            environment.meanwhile(() -> {
                replica.stop();
                environment.run(ScriptedEnvironment.LOOP);
            });
            assertThat(replica.awaitEndUntil(before + 3)).isTrue();
            assertThat(environment.nanoTime()).isEqualTo(before);
            assertThat(replica.awaitEndUntil(before)).as("it has ended").isTrue();
        }

        @Test
        void aWaitUntilADeadlineEndsWithAnInterrupt() {
            replica.start();
            Thread.currentThread().interrupt();
            boolean hasEnded = replica.awaitEndUntil(Long.MAX_VALUE);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(hasEnded).isFalse();
            assertThat(environment.waits).isEmpty();
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
            use(BACKGROUND, global(1));
            assertThatItEndsOnlyAfter(ScriptedEnvironment.COORDINATOR);
        }

        @Test
        void itHasNotEndedBeforeItsWorkersHave() {
            store.listed();
            store.allReached(0);
            put(state(0, 1, 1, kb(1)));
            anotherLeads();
            use(BACKGROUND, kb(1));
            assertThatItEndsOnlyAfter(ScriptedEnvironment.COORDINATOR, ScriptedEnvironment.WORKER);
        }

        @Test
        void itHasNotEndedBeforeItsListingHas() {
            use(BACKGROUND);
            assertThatItEndsOnlyAfter(ScriptedEnvironment.LISTING);
        }

        @Test
        void aRunThatEndsByItselfStopsWhatItHasStarted() {
            store.listed();
            use(SINGLE_RUN, global(1));
            replica.start();
            environment.meanwhile(
                    () -> {
                        pause();
                        replica.wake();
                    },
                    () -> {
                        assertThat(replica.queue().isStopping()).isTrue();
                        environment.run(ScriptedEnvironment.COORDINATOR);
                    });
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(environment.isAllDone()).isTrue();
            assertThat(replica.end()).isEqualTo(RunCompletion.End.PAUSED);
            assertThat(replica.fatal()).isNull();
            assertThat(store.state().current()).isZero();
        }

        @Test
        void anInternalErrorEndsIt() {
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
        void anErrorOfTheJvmEndsIt() {
            store.listed();
            OutOfMemoryError error = new OutOfMemoryError();
            environment.meanwhile(() -> {
                throw error;
            });
            replica.start();
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(replica.hasEnded()).isTrue();
            assertThat(replica.fatal())
                    .isInstanceOf(IllegalStateException.class)
                    .hasCause(error);
        }
    }

    /** What stops when the replica does. */
    @Nested
    class Stopping {

        private ProbeExecution probe(ProbeExecution.Call call) {
            HeldScope held = new HeldScope(
                    environment
                            .newLock()
                            .tryAcquire("partition", FrozenEnvironment.TTL)
                            .orElseThrow(),
                    new Epoch(0, 1),
                    environment.nanoTime() + FrozenEnvironment.TTL.toNanos(),
                    lost -> {});
            return new ProbeExecution(config, held, call);
        }

        private Execution.@Nullable Cancellation cancellationOfTheNext() {
            ProbeExecution probe = probe(() -> {});
            replica.pool().offer(List.of(probe));
            assertThat(probe.isSettled()).isTrue();
            return probe.cancellation();
        }

        @Test
        void onceStoppedItStartsNothingMore() {
            assertThat(cancellationOfTheNext()).isNull();
            replica.stop();
            assertThat(replica.queue().isStopping()).isTrue();
            assertThat(cancellationOfTheNext()).isEqualTo(Execution.Cancellation.CLOSING);
        }

        @Test
        void stopCancelsWhatRunsAndOnlyInterruptInterruptsIt() {
            List<Boolean> noted = new ArrayList<>();
            ProbeExecution probe = probe(() -> {
                Execution running =
                        Objects.requireNonNull(replica.pool().busy().get(0).current());
                noted.add(running.isCancelled());
                replica.stop();
                noted.add(running.isCancelled());
                noted.add(Thread.currentThread().isInterrupted());
                replica.interrupt();
                noted.add(Thread.currentThread().isInterrupted());
            });
            replica.pool().offer(List.of(probe));
            assertThat(probe.cancellation()).isEqualTo(Execution.Cancellation.CLOSING);
            assertThat(noted)
                    .as("told before; told, interrupted after it was stopped; interrupted")
                    .containsExactly(false, true, false, true);
        }

        @Test
        void whileTheFleetIsPausedNothingIsStarted() {
            pause();
            replica.observer().look();
            assertThat(cancellationOfTheNext()).isEqualTo(Execution.Cancellation.CLOSING);
            resume();
            replica.observer().look();
            assertThat(cancellationOfTheNext()).isNull();
        }
    }

    /** Whether the replica may serve. */
    @Nested
    class Readiness {

        @Test
        void itIsReadyForHalfOfTheGraceAfterALook() {
            assertThat(replica.readiness().ready()).as("before the first look").isFalse();
            replica.observer().look();
            assertThat(replica.readiness().ready()).isTrue();
            environment.pass(HALF_AN_HOUR);
            assertThat(replica.readiness().ready()).isTrue();
            environment.pass(NANO);
            assertThat(replica.readiness().ready()).isFalse();
            replica.observer().look();
            assertThat(replica.readiness().ready()).isTrue();
        }

        @Test
        void theTimeCountsFromWhenTheLookWasSent() {
            store.onCall = call -> environment.pass(NANO);
            replica.observer().look();
            environment.pass(HALF_AN_HOUR.minus(NANO));
            assertThat(replica.readiness().ready()).isTrue();
            environment.pass(NANO);
            assertThat(replica.readiness().ready()).isFalse();
        }

        @Test
        void itIsNotReadyForAnUnknownFullRollout() {
            use(BACKGROUND, kb(1));
            String plan =
                    "\"plan\":[{\"version\":1,\"name\":\"kb\",\"kb\":true,\"global\":false},{\"version\":2,\"name\":\"drop\",\"kb\":true,\"global\":false,\"rollout\":true}]";
            store.put(FleetState.DOCUMENT, "{\"baseline\":0,\"current\":1,\"open\":1,\"target\":2," + plan + "}");
            replica.observer().look();
            assertThat(replica.readiness().ready()).as("before it is open").isTrue();
            store.put(FleetState.DOCUMENT, "{\"baseline\":0,\"current\":1,\"open\":2,\"target\":2," + plan + "}");
            replica.observer().look();
            assertThat(replica.readiness().ready()).isFalse();
        }
    }

    /** When it looks, and how. */
    @Nested
    class Looks {

        @Test
        void aThoroughLookThatFindsKbsIsRepeatedAtOnce() {
            store.listed();
            store.allReached(1);
            put(state(1, 1, 0, kb(1)));
            use(BACKGROUND, kb(1));
            store.shown = shown -> isThorough()
                    ? new Snapshot(
                            shown.storeMicros(),
                            shown.documents(),
                            Collections.nCopies(Partitions.COUNT, 0L),
                            shown.recordCounts(),
                            shown.replicas())
                    : shown;
            replica.observer().look();
            assertThat(isThorough()).isFalse();
            environment.pass(Duration.ofHours(1));
            replica.observer().look();
            assertThat(isThorough()).isTrue();
            replica.observer().look();
            assertThat(isThorough()).as("again").isTrue();
        }

        private boolean isThorough() {
            return store.heartbeats.get(store.heartbeats.size() - 1).thorough();
        }

        @Test
        void slowLooksAreRare() {
            Duration slow = Duration.ofMinutes(1);
            store.onCall = call -> environment.pass(slow);
            replica.observer().look();
            FleetView view = replica.observer().look();
            LookSchedule schedule =
                    new LookSchedule(replica.observer(), replica.queue(), BACKGROUND, config.timings(), environment);
            assertThat(Duration.ofNanos(schedule.atBarrier(view))).isEqualTo(slow.multipliedBy(10));
        }

        @Test
        void looksGetRarerWhileOthersBringTheFleetUp() {
            store.listed();
            store.allReached(1);
            put(state(0, 1, 2, global(1), global(2)));
            use(BACKGROUND);
            loop(() -> {}, () -> {}, () -> {}, () -> {});
            assertThat(environment.waits).map(Duration::toSeconds).containsExactly(4L, 8L, 16L, 32L, 64L);
        }

        @Test
        void wakingItMakesItLookAtOnce() {
            store.listed();
            use(BACKGROUND);
            long before = environment.nanoTime();
            loop(replica::wake, replica::wake);
            assertThat(looks).isEqualTo(3);
            assertThat(environment.nanoTime()).isEqualTo(before);
        }
    }

    /** How the fleet gets its target. */
    @Nested
    class Target {

        @Test
        void theNewestVersionOfThisBuildBecomesTheTargetOnce() {
            store.listed();
            anotherLeads();
            use(BACKGROUND, global(1), global(2));
            loop(() -> {}, () -> environment.run(ScriptedEnvironment.COORDINATOR), () -> {});
            assertThat(store.state().target()).isEqualTo(2);
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(1);
        }

        @Test
        void itSeesAtOnceWhatItHasAnnounced() {
            store.listed();
            use(SINGLE_RUN, global(1));
            replica.start();
            assertThat(coordinates()).isTrue();
            assertThat(replica.observer().view().state().target()).isEqualTo(1);
        }

        @Test
        void migrationsBeyondTheCapAreAnnouncedToo() {
            store.listed();
            put(state(1, 1, 0, global(1)).capped(1));
            use(BACKGROUND, global(1), global(2));
            loop(() -> {});
            assertThat(store.state().plan().migrations()).hasSize(2);
            assertThat(store.state().target()).isZero();
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(1);
        }

        @Test
        void aStateThatOthersChangeMeanwhileIsReadAgainAtOnce() {
            store.listed();
            use(BACKGROUND, global(1));
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
            use(BACKGROUND, kb(1));
            loop(() -> {});
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isZero();
            assertThat(environment.names()).isEmpty();
        }

        @Test
        void aConflictEndsASingleRun() {
            store.listed();
            put(state(0, 0, 1, kb(1)));
            use(SINGLE_RUN, global(1));
            replica.start();
            assertThat(replica.fatal())
                    .isInstanceOf(InvalidMigrationsException.class)
                    .hasMessageContaining("0001_kb");
            assertThat(environment.names()).isEmpty();
        }

        @Test
        void inTheBackgroundItStandsByAndTellsEachReasonOnce() {
            store.listed();
            put(state(0, 0, 1, kb(1)));
            anotherLeads();
            use(BACKGROUND, global(1));
            loop(() -> {}, () -> put(state(0, 0, 0)), () -> {});
            assertThat(told).hasSize(1).allSatisfy(reason -> assertThat(reason).contains("0001_kb"));
            assertThat(replica.fatal()).isNull();
        }
    }

    /** What it starts. */
    @Nested
    class AtWork {

        @Test
        void dueKbsHaveOneWorkerAtFirst() {
            store.listed();
            put(state(0, 1, 1, kb(1)));
            use(SINGLE_RUN, kb(1));
            replica.start();
            assertThat(Collections.frequency(environment.names(), ScriptedEnvironment.WORKER))
                    .isEqualTo(1);
            assertThat(replica.queue().workers()).isEqualTo(1);
        }

        @Test
        void theHostsListIsReadWhenThatIsDue() {
            use(SINGLE_RUN);
            replica.start();
            assertThat(environment.names()).containsExactly(ScriptedEnvironment.LISTING, ScriptedEnvironment.LOOP);
            assertThat(replica.hasEnded()).isFalse();
            environment.run(ScriptedEnvironment.LISTING);
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(replica.end()).isEqualTo(RunCompletion.End.DONE);
        }

        @Test
        void aStepWakesTheCoordinatorAtWork() {
            store.listed();
            use(SINGLE_RUN, kb(1));
            replica.start();
            assertThat(untilTheCoordinatorGoesOnAfterAStep()).isZero();
        }

        @Test
        void aStepDoesNotWakeTheCoordinatorWhileWorkersRun() {
            store.listed();
            put(state(0, 1, 1, kb(1)));
            use(SINGLE_RUN, kb(1));
            replica.start();
            assertThat(replica.queue().workers()).isEqualTo(1);
            replica.wake();
            assertThat(untilTheCoordinatorGoesOnAfterAStep())
                    .isEqualTo(config.timings().activeLook());
        }

        private Duration untilTheCoordinatorGoesOnAfterAStep() {
            long before = environment.nanoTime();
            List<Duration> passed = new ArrayList<>();
            environment.meanwhile(
                    // The coordinator waits for KBs
                    () -> environment.run(ScriptedEnvironment.LOOP),
                    // The loop waits after its next step
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
        void stoppingWakesTheCoordinatorThatWaits() {
            store.listed();
            int signals = environment.signals();
            use(SINGLE_RUN, kb(1));
            ScriptedEnvironment.Wakeable loop = environment.signal(signals);
            replica.start();
            long before = environment.nanoTime();
            environment.meanwhile(
                    // The coordinator waits for KBs, and the loop knows already what it has opened
                    () -> {
                        loop.lower();
                        environment.run(ScriptedEnvironment.LOOP);
                    },
                    // The loop waits for its next step
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
        void itDoesNotCoordinateVersionsThatItDoesNotKnow() {
            store.listed();
            put(state(0, 0, 1, global(1)));
            use(BACKGROUND);
            loop();
            assertThat(coordinated).isFalse();
        }

        @Test
        void aFleetAtItsTargetNeedsNoCoordinator() {
            store.listed();
            put(state(1, 1, 0, global(1)));
            use(BACKGROUND, global(1));
            loop();
            assertThat(coordinated).isFalse();
        }

        @Test
        void aFullRolloutThatWaitsForReplicasNeedsNoCoordinator() {
            store.listed();
            store.byOthers(() -> store.look(new Heartbeat(
                    new ReplicaInfo("another", "node", "build", "", 0, 0, true),
                    null,
                    DueFilter.BY_THE_CLOCK,
                    false,
                    false)));
            String plan = "\"plan\":[{\"version\":1,\"name\":\"kb\",\"kb\":true,\"rollout\":true}]";
            store.put(FleetState.DOCUMENT, "{\"target\":1," + plan + "}");
            use(BACKGROUND, kb(1));
            loop();
            assertThat(coordinated).isFalse();
        }

        @Test
        void aSingleRunDoesNotCoordinateAgainAfterAFailure() {
            store.listed();
            part = ReplicaLoopTest::breakDown;
            use(SINGLE_RUN, global(1));
            replica.start();
            environment.run(ScriptedEnvironment.COORDINATOR);
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(coordinates()).isFalse();
            assertThat(replica.end()).isEqualTo(RunCompletion.End.FAILED);
            assertThat(replica.globalFailure()).isEqualTo("0001_global: java.lang.IllegalStateException: broken");
            assertThat(replica.globalParts()).isEmpty();
        }

        @Test
        void aSingleRunDoesNotCoordinateAfterTheListHasFailed() {
            environment.knowledgeBoxes = () -> {
                throw new IllegalStateException("no list");
            };
            use(SINGLE_RUN, global(1));
            replica.start();
            environment.run(ScriptedEnvironment.COORDINATOR);
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(coordinates()).isFalse();
            assertThat(replica.end()).isEqualTo(RunCompletion.End.FAILED);
        }

        @Test
        void inTheBackgroundItCoordinatesAgainAfterAFailure() {
            store.listed();
            part = ReplicaLoopTest::breakDown;
            use(BACKGROUND, global(1));
            // The coordinator ends its term when the fleet is paused while it waits for the next attempt
            loop(() -> environment.run(ScriptedEnvironment.COORDINATOR), ReplicaLoopTest.this::pause, () -> {
                assertThat(replica.globalFailure()).contains("broken");
                assertThat(coordinates()).isFalse();
                resume();
                replica.wake();
            });
            assertThat(replica.globalFailure()).contains("broken");
            assertThat(coordinated).isTrue();
        }
    }

    /** What a single run counts as due, and as failed. */
    @Nested
    class SingleRun {

        @Test
        void aSingleRunTriesWhatHadFailedBeforeItBegan() {
            store.listed();
            anotherLeads();
            use(SINGLE_RUN, global(1));
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

        /** Between the start of a run and its first look, {@code status()} may look through the same observer. */
        @Test
        void aLookBeforeTheFirstStepChangesNothing() {
            store.listed();
            anotherLeads();
            use(SINGLE_RUN, global(1));
            replica.observer().look();
            long began = environment.micros();
            replica.start();
            environment.meanwhile(replica::stop);
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(store.heartbeats.stream().map(Heartbeat::due).toList())
                    .startsWith(DueFilter.BY_THE_CLOCK, new DueFilter(Long.MAX_VALUE), new DueFilter(began));
        }

        @Test
        void inTheBackgroundItGoesByTheClock() {
            store.listed();
            use(BACKGROUND);
            loop(() -> {});
            assertThat(store.heartbeats)
                    .hasSizeGreaterThan(1)
                    .allSatisfy(heartbeat -> assertThat(heartbeat.due()).isEqualTo(DueFilter.BY_THE_CLOCK));
        }

        private void globalPartFailedElsewhere() {
            store.put(
                    GlobalPartRecord.documentOf(1),
                    "{\"failures\":1,\"error\":\"broken\",\"failedMicros\":%d}".formatted(environment.micros()));
        }

        @Test
        void aSingleRunEndsWhenTheGlobalPartFailsElsewhere() {
            store.listed();
            put(state(0, 1, 1, global(1)));
            globalPartFailedElsewhere();
            environment.pass(Duration.ofSeconds(1));
            anotherLeads();
            use(SINGLE_RUN, global(1));
            replica.start();
            // After each step it finds that another leads
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
    }

    /** What goes wrong. */
    @Nested
    class Failures {

        @Test
        void aSingleRunThatCannotEvenLookEndsAtOnce() {
            fail(WatchedStore.LOOK);
            use(SINGLE_RUN);
            replica.start();
            assertThat(replica.hasEnded()).isTrue();
            assertThat(replica.fatal()).isInstanceOf(StateStoreException.class);
            assertThat(environment.names()).isEmpty();
        }

        @Test
        void inTheBackgroundItSurvivesAStoreThatIsDown() {
            store.listed();
            fail(WatchedStore.LOOK);
            use(BACKGROUND);
            loop(() -> {}, ReplicaLoopTest.this::recover);
            assertThat(environment.waits)
                    .startsWith(Duration.ofMillis(100), Duration.ofMillis(200))
                    .last()
                    .isEqualTo(config.timings().idleLook());
            assertThat(replica.fatal()).isNull();
            assertThat(replica.observer().viewOrNull()).isNotNull();
        }

        /** A single run that waits for others, and has looked once. */
        private void beginToWait() {
            store.listed();
            anotherLeads();
            use(SINGLE_RUN, global(1));
            replica.start();
            environment.run(ScriptedEnvironment.COORDINATOR);
            replica.wake();
        }

        @Test
        void aSingleRunSurvivesAnOutageOfLessThanTwoTtls() {
            beginToWait();
            fail(WatchedStore.LOOK);
            environment.meanwhile(
                    () -> environment.pass(FrozenEnvironment.TTL), ReplicaLoopTest.this::recover, replica::stop);
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(environment.isAllDone()).isTrue();
            assertThat(replica.fatal()).isNull();
        }

        @Test
        void aSingleRunEndsAfterAnOutageOfMoreThanTwoTtls() {
            beginToWait();
            fail(WatchedStore.LOOK);
            environment.meanwhile(() -> environment.pass(FrozenEnvironment.TTL.multipliedBy(2)));
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(replica.fatal())
                    .hasMessageStartingWith("cannot look at the shared state: the store is down. All 3 attempts since ")
                    .hasCauseInstanceOf(StateStoreException.class);
        }

        @Test
        void aSlowLookAfterAFailureDoesNotEndARun() {
            beginToWait();
            fail(WatchedStore.LOOK);
            environment.meanwhile(
                    () -> store.onCall = call -> environment.pass(FrozenEnvironment.TTL.multipliedBy(3)), () -> {
                        recover();
                        replica.stop();
                    });
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(environment.isAllDone()).isTrue();
            assertThat(replica.fatal()).isNull();
        }

        @Test
        void itKnowsWhichGlobalPartsAreDoneAndWhichHasFailed() {
            store.listed();
            environment.backoff = Duration.ofSeconds(1);
            part = ReplicaLoopTest::breakDown;
            use(BACKGROUND, global(1));
            loop(() -> environment.run(ScriptedEnvironment.COORDINATOR), () -> {
                assertThat(replica.globalFailure()).isEqualTo("0001_global: java.lang.IllegalStateException: broken");
                assertThat(replica.globalParts()).isEmpty();
                part = context -> {};
                environment.pass(environment.backoff);
            });
            assertThat(replica.globalFailure())
                    .as("its next attempt has succeeded")
                    .isNull();
            assertThat(replica.globalParts()).containsExactly(1L);
        }
    }

    /** Another coordinator takes over. */
    @Nested
    class Superseded {

        /** Another replica takes over whenever this one changes the fleet's state, for so many times. */
        private void superseded(int times) {
            store.listed();
            put(state(0, 0, 2, global(1), global(2)));
            use(BACKGROUND, global(1), global(2));
            int[] left = {times};
            store.onCall = call -> {
                if (call.equals(WatchedStore.CHANGE_STATE) && left[0]-- > 0) {
                    store.takeOver();
                }
            };
        }

        /** A term of the coordinator, and the time that passes after it. */
        private Runnable term(Duration after) {
            return () -> {
                environment.run(ScriptedEnvironment.COORDINATOR);
                environment.pass(after);
            };
        }

        /** Runs the loop; after the last term it stays away for exactly that time. */
        private void assertThatItStaysAway(Duration time, Runnable... termsBefore) {
            List<Boolean> coordinates = new ArrayList<>();
            environment.meanwhile(termsBefore);
            environment.meanwhile(term(time.minusNanos(1)), () -> {
                coordinates.add(coordinates());
                environment.pass(NANO);
                replica.wake();
            });
            loop();
            assertThat(coordinates).as("just before").containsExactly(false);
            assertThat(coordinated).as("then").isTrue();
        }

        @Test
        void afterThatItStaysAwayForAMoment() {
            superseded(1);
            assertThatItStaysAway(Duration.ofMillis(200));
        }

        @Test
        void afterTheSecondTimeItStaysAwayForTwiceAsLong() {
            superseded(2);
            assertThatItStaysAway(Duration.ofMillis(400), term(Duration.ofMillis(200)));
        }

        @Test
        void aVersionThatIsReachedMakesUpForTermsInVain() {
            superseded(2);
            part = context -> {
                if (context.version() == 2) {
                    store.takeOver();
                }
            };
            assertThatItStaysAway(Duration.ofMillis(200), term(Duration.ofMillis(200)), term(Duration.ofMillis(400)));
            assertThat(store.state().current()).isEqualTo(1);
        }
    }
}
