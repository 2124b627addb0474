package dev.kbmigrator.internal.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.engine.ReplicaLoop;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One term, step by step. Floors are raised by hand; nobody else is at work. */
class CoordinatorTermTest {

    private static final String LOCK_NAME = FleetView.lockName(Epoch.COORDINATOR);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration BACKOFF = Duration.ofSeconds(1);
    private static final String LISTED = "listed";

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final WatchedStore store = new WatchedStore(environment);
    private final Lock lock = environment.newLock();
    private final FrozenEnvironment.Tasks bodies = new FrozenEnvironment.Tasks();
    private final List<String> ran = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private Executor executor = Runnable::run;
    private GlobalMigration.Part body = context -> {};
    private EngineConfig config = newConfig();
    private ReplicaLoop replica = new ReplicaLoop(config, false);
    private LeaseKeeper keeper = new LeaseKeeper(config, replica.slots());
    private ScriptedEnvironment.Wakeable loop = environment.signal(0);

    private EngineConfig newConfig(Migration... migrations) {
        environment.backoff = BACKOFF;
        environment.listeners = List.of(new MigratorListener() {
            @Override
            public void versionReached(long version) {
                told.add("reached " + version);
            }

            @Override
            public void globalFailed(MigrationInfo migration, Throwable error, Duration retryAfter) {
                told.add(migration + " failed: " + error.getMessage() + ", again in " + retryAfter);
            }
        });
        return environment.config(store, lock, executor, migrations);
    }

    private GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global", context -> {
            ran.add(version + ", attempt " + context.attempt());
            body.migrate(context);
        });
    }

    private static KbMigration kb(long version) {
        return KbMigration.of(version, "kb", (context, kbId) -> {});
    }

    private void lists() {
        environment.knowledgeBoxes = () -> {
            store.calls.add(LISTED);
            return Stream.empty();
        };
    }

    /** A fleet whose KBs may be brought to a version, and whose target is the newest of these. */
    private void fleet(long open, Migration... migrations) {
        int before = environment.signals();
        config = newConfig(migrations);
        replica = new ReplicaLoop(config, false);
        loop = environment.signal(before);
        keeper = new LeaseKeeper(config, replica.slots());
        store.put(FleetState.DOCUMENT, state(0, open).toJson());
        // As the loop does before it lets somebody coordinate
        store.byOthers(replica::look);
    }

    private FleetState state(long current, long open) {
        return new FleetState(
                0,
                0,
                current,
                open,
                config.catalog().newest(),
                Long.MAX_VALUE,
                0,
                config.catalog().infos(),
                Json.object());
    }

    private void lead(boolean once) {
        CoordinatorTerm coordinator = new CoordinatorTerm(config, replica, replica.slots(), keeper, once);
        assertThat(coordinator.isFinished()).isFalse();
        coordinator.run();
        assertThat(coordinator.isFinished()).isTrue();
        assertThat(environment.isAllDone()).as("all that was planned").isTrue();
    }

    /** Another replica, which knows versions up to that, looks. */
    private void another(long newestVersion) {
        store.byOthers(() -> store.look(
                new Heartbeat("another", "host", "build", newestVersion, true, DueFilter.BY_THE_CLOCK, false)));
    }

    private void fail(String call) {
        store.onCall = made -> {
            if (made.equals(call)) {
                throw new StateStoreException("the store is down");
            }
        };
    }

    /** What happens when that is called for the first time. */
    private void atFirst(String call, Runnable happening) {
        boolean[] first = {true};
        store.onCall = made -> {
            if (made.equals(call) && first[0]) {
                first[0] = false;
                happening.run();
            }
        };
    }

    private boolean isLockFree() {
        Optional<Lease> lease = lock.tryAcquire(LOCK_NAME, FrozenEnvironment.TTL);
        lease.ifPresent(Lease::release);
        return lease.isPresent();
    }

    private JsonNode history(long version) {
        return Json.read(store.document(MigrationHistory.PREFIX + "%019d".formatted(version))
                .orElseThrow());
    }

    private Duration waited() {
        return environment.waits.stream().reduce(Duration.ZERO, Duration::plus);
    }

    @Test
    void aTermBringsTheFleetToItsTargetStageByStage() {
        fleet(0, global(1), global(2));
        lead(false);
        assertThat(store.state().current()).isEqualTo(2);
        assertThat(ran).containsExactly("1, attempt 1", "2, attempt 1");
        assertThat(told).containsExactly("reached 1", "reached 2");
        assertThat(replica.globalParts()).containsExactly(1L, 2L);
        assertThat(environment.waits).as("it has nothing to wait for").isEmpty();
    }

    @Test
    void theHistorySaysWhatWasBegunAndReached() {
        fleet(0, global(1));
        lead(false);
        assertThat(history(1).path("startedBy").asText()).isEqualTo("replica");
        assertThat(history(1).path("finishedBy").asText()).isEqualTo("replica");
    }

    @Test
    void eachChangeIsWorkForTheLoop() {
        fleet(0, global(1), global(2));
        List<Boolean> woken = new ArrayList<>();
        store.onCall = call -> {
            if (call.equals(WatchedStore.LOOK)) {
                woken.add(loop.lower());
            }
        };
        lead(false);
        assertThat(woken)
                .as("before each look; the first comes before any change")
                .containsExactly(false, true, true, true, true);
        assertThat(loop.lower()).as("after the term").isTrue();
    }

    @Test
    void whereAnotherLeadsItDoesNothingAndSaysNothing() {
        fleet(0, global(1));
        assertThat(lock.tryAcquire(LOCK_NAME, FrozenEnvironment.TTL)).isPresent();
        lead(false);
        assertThat(store.calls).isEmpty();
        assertThat(loop.lower()).isFalse();
    }

    @Test
    void whoWaitsForTheReplicaToStopIsToldThatItNeverLed() {
        fleet(0, global(1));
        assertThat(lock.tryAcquire(LOCK_NAME, FrozenEnvironment.TTL)).isPresent();
        replica.stop();
        loop.lower();
        lead(false);
        assertThat(loop.lower()).isTrue();
    }

    @Test
    void whatIsLockedIsGivenBackWhenTheTermCannotBegin() {
        fleet(0, global(1));
        fail("open epochs");
        lead(false);
        assertThat(isLockFree()).isTrue();
        assertThat(loop.lower()).as("the loop tries again in its own time").isFalse();
    }

    @Test
    void theLeaseIsKeptWhileItLeadsAndGivenBackAfterwards() {
        fleet(0, kb(1));
        environment.meanwhile(() -> {
            assertThat(isLockFree()).isFalse();
            assertThat(environment.names()).contains("kb-migrator-leases", "kb-migrator-watch");
            store.allReached(1);
        });
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void aLeaseUnderWhichABodyMayStillBeAtWorkIsLeftToExpire() {
        fleet(0, global(1));
        // As the keeper does with what does not stop
        body = context -> ((Execution) context).held.leaveToExpire();
        lead(false);
        assertThat(isLockFree()).isFalse();
        environment.run("kb-migrator-leases");
        assertThat(environment.waits).as("nothing is renewed any more").hasSize(1);
        environment.pass(FrozenEnvironment.TTL);
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void atABarrierItWaitsForKbs() {
        fleet(0, kb(1));
        environment.meanwhile(() -> {}, () -> {}, () -> store.allReached(1));
        lead(false);
        assertThat(environment.waits).hasSize(3).containsOnly(FrozenEnvironment.ACTIVE_LOOK.dividedBy(4));
        assertThat(store.state().current()).isEqualTo(1);
    }

    @Test
    void itEndsWhenTheReplicaStops() {
        fleet(0, kb(1));
        environment.meanwhile(replica::stop);
        lead(false);
        assertThat(store.state().current()).isZero();
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itDoesNotWaitWhenTheReplicaStopsInTheMiddleOfAStep() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, replica::stop);
        lead(false);
        assertThat(environment.waits).isEmpty();
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itEndsWhenAnOperatorPausesTheFleet() {
        fleet(0, kb(1));
        environment.meanwhile(() -> store.put(FleetView.controlDocument(), "{\"paused\":true}"));
        lead(false);
        assertThat(environment.waits).hasSize(1);
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itLeavesWhatItDoesNotKnowToOthers() {
        fleet(0, global(1), global(2));
        String both = store.state().toJson();
        fleet(0, global(1));
        store.put(FleetState.DOCUMENT, both);
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void aStoreThatFailsForAMomentEndsNoTerm() {
        fleet(0, global(1));
        fail(WatchedStore.LOOK);
        environment.meanwhile(() -> store.onCall = call -> {});
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(waited()).isEqualTo(Duration.ofMillis(100));
    }

    private static KbMigration everywhere(long version) {
        return new KbMigration() {
            @Override
            public void migrateKb(MigrationContext context, String kbId) {}

            @Override
            public long version() {
                return version;
            }

            @Override
            public String name() {
                return "everywhere";
            }

            @Override
            public boolean requiresFullRollout() {
                return true;
            }
        };
    }

    @Test
    void aStageThatNeedsEveryReplicaIsNotOpenedBeforeAllKnowIt() {
        fleet(0, everywhere(1));
        another(0);
        environment.meanwhile(() -> another(1), () -> store.allReached(1));
        List<Long> open = new ArrayList<>();
        store.onCall = call -> {
            if (call.equals(WatchedStore.LOOK)) {
                open.add(store.state().open());
            }
        };
        lead(false);
        assertThat(open).as("at each look").startsWith(0L, 0L, 1L);
        assertThat(store.state().current()).isEqualTo(1);
    }

    @Test
    void aSingleRunDoesNotWaitForReplicasThatDoNotKnowTheStage() {
        fleet(0, everywhere(1));
        another(0);
        lead(true);
        assertThat(store.state().open()).isZero();
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void beforeAStageTheHostsListIsGoneThrough() {
        lists();
        fleet(0, global(1));
        lead(false);
        assertThat(store.count(LISTED)).isEqualTo(1);
        assertThat(store.calls.indexOf(LISTED)).isLessThan(store.calls.indexOf(WatchedStore.CHANGE_STATE));
    }

    @Test
    void aListThatWasGoneThroughLatelyIsNotGoneThroughAgain() {
        lists();
        fleet(0, global(1), global(2));
        lead(false);
        assertThat(store.state().current()).isEqualTo(2);
        assertThat(store.count(LISTED)).isEqualTo(1);
    }

    @Test
    void aStageThatGrowsDoesNotWaitForTheList() {
        lists();
        fleet(1, kb(1), kb(2));
        store.allReached(2);
        lead(false);
        assertThat(store.count(LISTED)).isEqualTo(1);
        assertThat(store.calls.indexOf(LISTED)).isGreaterThan(store.calls.indexOf(WatchedStore.CHANGE_STATE));
        assertThat(store.state().current()).isEqualTo(2);
    }

    @Test
    void aListThatTakesLongerThanTheTimeBetweenTwoIsGoodForTheStageBeforeWhichItWasGoneThrough() {
        environment.knowledgeBoxes = () -> {
            store.calls.add(LISTED);
            environment.pass(HOUR);
            return Stream.empty();
        };
        fleet(0, kb(1), kb(2));
        store.allReached(2);
        lead(false);
        assertThat(store.state().current()).isEqualTo(2);
        assertThat(store.count(LISTED)).as("before the stage, and at its end").isEqualTo(2);
    }

    private void listsInVain() {
        boolean[] broken = {true};
        environment.knowledgeBoxes = () -> {
            if (broken[0]) {
                throw new IllegalStateException("no list");
            }
            return Stream.empty();
        };
        environment.meanwhile(() -> {
            assertThat(store.state().open()).isEqualTo(1);
            broken[0] = false;
            environment.pass(BACKOFF);
        });
    }

    @Test
    void aListThatCannotBeHadKeepsBackOnlyWhatComesAfterTheKbs() {
        listsInVain();
        fleet(0, global(1));
        lead(false);
        assertThat(environment.waits).hasSize(1);
        assertThat(store.state().current()).isEqualTo(1);
    }

    @Test
    void aSingleRunDoesNotWaitForAListThatCannotBeHad() {
        environment.knowledgeBoxes = () -> {
            throw new IllegalStateException("no list");
        };
        fleet(0, global(1));
        lead(true);
        assertThat(environment.waits).isEmpty();
        assertThat(store.state().open()).isEqualTo(1);
        assertThat(ran).isEmpty();
    }

    /** Only its revision changes. */
    private void changeStateByOthers() {
        store.put(FleetState.DOCUMENT, store.state().toJson());
    }

    @Test
    void whatOthersChangeMeanwhileIsLookedAtAgain() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, this::changeStateByOthers);
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(environment.waits).isEmpty();
        assertThat(store.count(WatchedStore.LOOK)).isEqualTo(4);
    }

    @Test
    void whatCannotBeChangedIsNotReached() {
        fleet(1, global(1));
        atFirst(WatchedStore.CHANGE_STATE, this::changeStateByOthers);
        lead(false);
        assertThat(told).containsExactly("reached 1");
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(2);
    }

    @Test
    void whoIsSupersededLeavesAtOnce() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, store::takeOver);
        lead(false);
        assertThat(store.count(WatchedStore.LOOK)).isEqualTo(1);
        assertThat(store.state().open()).isZero();
        assertThat(isLockFree()).isTrue();
    }

    /** How the loop fares that long after, and a little before: whether it lets somebody coordinate. */
    private List<Boolean> coordinatesAfter(Duration time) {
        List<Boolean> coordinates = new ArrayList<>();
        replica.start();
        Runnable note = () -> coordinates.add(environment.names().contains(ScriptedEnvironment.COORDINATOR));
        environment.meanwhile(
                () -> {
                    environment.pass(time.minusNanos(1));
                    replica.wake();
                },
                () -> {
                    note.run();
                    environment.pass(Duration.ofNanos(1));
                    replica.wake();
                },
                () -> {
                    note.run();
                    replica.stop();
                });
        // Whoever it lets coordinate sees that it stops
        environment.otherwise = () -> {
            if (environment.names().contains(ScriptedEnvironment.COORDINATOR)) {
                environment.run(ScriptedEnvironment.COORDINATOR);
            }
        };
        environment.run(ScriptedEnvironment.LOOP);
        assertThat(environment.isAllDone()).isTrue();
        return coordinates;
    }

    @Test
    void whoIsSupersededStandsBackForAMoment() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, store::takeOver);
        lead(false);
        loop.lower();
        assertThat(coordinatesAfter(Duration.ofMillis(200))).containsExactly(false, true);
    }

    @Test
    void whoIsSupersededAgainStandsBackForTwiceAsLong() {
        fleet(0, global(1));
        replica.coordinatedInVain();
        replica.coordinatedInVain();
        assertThat(coordinatesAfter(Duration.ofMillis(400))).containsExactly(false, true);
    }

    @Test
    void aTermThatBringsTheFleetOnMakesUpForThoseInVain() {
        fleet(0, global(1), global(2));
        replica.coordinatedInVain();
        replica.coordinatedInVain();
        body = context -> {
            if (context.version() == 2) {
                store.takeOver();
            }
        };
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        loop.lower();
        assertThat(coordinatesAfter(Duration.ofMillis(200))).containsExactly(false, true);
    }

    @Test
    void aGlobalPartThatIsOnRecordAsDoneIsNotRunAgain() {
        fleet(1, global(1));
        store.put(GlobalExecution.documentOf(1), "{\"done\":true}");
        lead(false);
        assertThat(ran).isEmpty();
        assertThat(store.state().current()).isEqualTo(1);
    }

    private void failedOnce(Duration dueIn) {
        long due = environment.micros() + dueIn.toNanos() / 1_000;
        store.put(GlobalExecution.documentOf(1), "{\"failures\":1,\"dueMicros\":" + due + "}");
    }

    @Test
    void aGlobalPartThatFailedIsTriedAgainAtTheMomentAtWhichItIsDue() {
        fleet(1, global(1));
        failedOnce(Duration.ZERO);
        lead(false);
        assertThat(ran).containsExactly("1, attempt 2");
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void aGlobalPartThatIsNotDueHasToWait() {
        fleet(1, global(1));
        failedOnce(Duration.ofMillis(1));
        environment.meanwhile(() -> assertThat(ran).isEmpty());
        lead(false);
        assertThat(ran).containsExactly("1, attempt 2");
        assertThat(environment.waits).hasSize(1);
    }

    @Test
    void aSingleRunTriesAGlobalPartWhateverItsNextAttempt() {
        fleet(1, global(1));
        failedOnce(HOUR);
        lead(true);
        assertThat(ran).containsExactly("1, attempt 2");
        assertThat(store.state().current()).isEqualTo(1);
    }

    @Test
    void itWaitsForTheGlobalPartAndIsWokenByItsEnd() {
        executor = bodies;
        fleet(0, global(1));
        environment.meanwhile(() -> {
            assertThat(store.state().current()).isZero();
            assertThat(bodies.runOne()).isTrue();
        });
        Duration before = Duration.ofNanos(environment.nanoTime());
        lead(false);
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(Duration.ofNanos(environment.nanoTime())).isEqualTo(before);
    }

    @Test
    void itsLeaseIsNotGivenBackBeforeTheGlobalPartIsQuiet() {
        executor = bodies;
        fleet(0, global(1));
        List<Boolean> free = new ArrayList<>();
        environment.meanwhile(
                () -> {
                    replica.stop();
                    throw new IllegalStateException("whatever goes wrong while it waits");
                },
                () -> {},
                () -> {
                    free.add(isLockFree());
                    assertThat(bodies.runOne()).isTrue();
                });
        lead(false);
        assertThat(free).containsExactly(false);
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void aGlobalPartThatFailsIsOnRecordAndTriedAgainInTheSameTerm() {
        fleet(1, global(1));
        body = context -> {
            throw new IllegalStateException("broken");
        };
        environment.meanwhile(() -> {
            assertThat(replica.globalFailure()).contains("0001_global", "broken");
            assertThat(store.state().current()).isZero();
            body = context -> {};
            environment.pass(BACKOFF);
        });
        lead(false);
        assertThat(ran).containsExactly("1, attempt 1", "1, attempt 2");
        assertThat(told).containsExactly("0001_global failed: broken, again in PT1S", "reached 1");
        assertThat(replica.globalFailure()).as("it has got over it").isNull();
    }

    @Test
    void aSingleRunEndsItsTermWithAFailure() {
        fleet(1, global(1));
        body = context -> {
            throw new IllegalStateException("broken");
        };
        lead(true);
        assertThat(GlobalExecution.read(store, 1).path("failures").asInt()).isEqualTo(1);
        assertThat(environment.waits).isEmpty();
        assertThat(replica.globalParts()).isEmpty();
    }

    /** Whoever goes on would run the part again. */
    private void assertThatItLeftAfterOneAttempt() {
        assertThat(ran).containsExactly("1, attempt 1");
        assertThat(store.count(WatchedStore.LOOK))
                .as("before the host's list and after it")
                .isEqualTo(2);
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isZero();
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void whoIsSupersededWhileTheGlobalPartRunsRecordsNothingAndLeaves() {
        fleet(1, global(1));
        body = context -> store.takeOver();
        lead(false);
        assertThatItLeftAfterOneAttempt();
        assertThat(GlobalExecution.read(store, 1)).isEmpty();
    }

    @Test
    void whoIsSupersededWhileTheGlobalPartFailsLeaves() {
        fleet(1, global(1));
        body = context -> {
            store.takeOver();
            throw new IllegalStateException("broken");
        };
        lead(false);
        assertThatItLeftAfterOneAttempt();
    }

    @Test
    void whoIsSupersededWhileTheGlobalPartSavesACheckpointLeaves() {
        fleet(1, global(1));
        body = context -> {
            store.takeOver();
            context.saveCheckpoint("here");
        };
        lead(false);
        assertThatItLeftAfterOneAttempt();
        assertThat(replica.globalFailure()).isNull();
    }

    @Test
    void aGlobalPartThatIsDoneIsNotForgottenBecauseTheStoreIsAwayForAMoment() {
        fleet(1, global(1));
        fail(WatchedStore.CHANGE + GlobalExecution.documentOf(1));
        environment.meanwhile(() -> {}, () -> store.onCall = call -> {});
        lead(false);
        assertThat(ran).containsExactly("1, attempt 1");
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(waited()).isEqualTo(Duration.ofMillis(300));
    }

    @Test
    void aVersionIsNotReachedAsLongAsItsGlobalPartIsNotOnRecord() {
        fleet(1, global(1));
        fail(WatchedStore.CHANGE + GlobalExecution.documentOf(1));
        environment.meanwhile(replica::stop);
        lead(false);
        assertThat(store.state().current()).isZero();
        assertThat(isLockFree()).isTrue();
    }
}
