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
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ExecutionWatchdog;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** One term, step by step. Floors are raised by hand; nobody else is at work. */
class CoordinatorTermTest {

    private static final String LOCK_NAME = HeldScope.lockName(Epoch.COORDINATOR);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration BACKOFF = Duration.ofSeconds(1);
    private static final Duration AT_BARRIER = Duration.ofSeconds(16);
    private static final String LISTED = "listed";

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final WatchedStore store = new WatchedStore(environment);
    private final DocumentUpdate documents = new DocumentUpdate(store);
    private final Lock lock = environment.newLock();
    private final FrozenEnvironment.Tasks executions = new FrozenEnvironment.Tasks();
    private final List<String> ran = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private final Loop loop = new Loop();
    private Executor executor = Runnable::run;
    private GlobalMigration.Part part = context -> {};
    private EngineConfig config = newConfig();
    private ReplicaServices replica = newReplica();

    /** The replica's loop, which notes what it is told. */
    private final class Loop implements CoordinatorTerm.Callbacks {

        private final List<Long> reached = new ArrayList<>();
        private final List<Long> done = new ArrayList<>();
        private final List<String> failures = new ArrayList<>();
        private final List<FleetView> barriers = new ArrayList<>();
        private int superseded;
        private boolean stopping;
        private boolean woken;

        @Override
        public boolean isStopping() {
            return stopping;
        }

        @Override
        public void wakeLoop() {
            woken = true;
        }

        @Override
        public long barrierWaitNanos(FleetView view) {
            barriers.add(view);
            return AT_BARRIER.toNanos();
        }

        @Override
        public void versionReached(long version) {
            reached.add(version);
        }

        @Override
        public void superseded() {
            superseded++;
        }

        @Override
        public void globalPartDone(long version) {
            done.add(version);
        }

        @Override
        public void globalPartFailed(String error) {
            failures.add(error);
        }

        /** Returns whether it was woken since the last call. */
        private boolean lower() {
            boolean was = woken;
            woken = false;
            return was;
        }

        private void stop() {
            stopping = true;
            replica.pool().close();
            replica.pool().cancelAll(false);
        }
    }

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

    private ReplicaServices newReplica() {
        FleetObserver observer = new FleetObserver(store, config.build(), config.timings(), environment);
        ExecutionPool pool = new ExecutionPool(executor, 1, environment, () -> {});
        ExecutionWatchdog watchdog = new ExecutionWatchdog(pool, FrozenEnvironment.TTL, environment);
        LeaseKeeper keeper = new LeaseKeeper(config.storage(), FrozenEnvironment.TTL, environment, watchdog::check);
        return new ReplicaServices(observer, pool, keeper, new Troubles(environment));
    }

    private KbListing newListing() {
        HostKbs host = new HostKbs(config.host().knowledgeBoxes(), "replica");
        return new KbListing(store, host, replica.observer(), config.timings(), environment, loop::isStopping);
    }

    private GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global", context -> {
            ran.add(version + ", attempt " + context.attempt());
            part.migrate(context);
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
        config = newConfig(migrations);
        replica = newReplica();
        store.put(FleetState.DOCUMENT, state(0, open).toJson());
        // As the loop does before it lets somebody coordinate
        store.byOthers(replica.observer()::look);
    }

    private FleetState state(long current, long open) {
        return new FleetState(
                0,
                0,
                current,
                open,
                config.build().catalog().newest(),
                Long.MAX_VALUE,
                0,
                new Plan(config.build().catalog().above(0)),
                Json.object());
    }

    private void lead() {
        lead(RunMode.BACKGROUND);
    }

    private void lead(RunMode mode) {
        CoordinatorTerm term = new CoordinatorTerm(config, mode, replica, newListing(), loop);
        assertThat(term.isFinished()).isFalse();
        term.run();
        assertThat(term.isFinished()).isTrue();
        assertThat(environment.isAllDone()).as("all that was planned").isTrue();
    }

    /** Another replica, which knows versions up to that, looks. */
    private void another(long newestVersion) {
        store.byOthers(() -> store.look(new Heartbeat(
                new ReplicaInfo("another", "node", "build", "", newestVersion, 0, true),
                null,
                DueFilter.BY_THE_CLOCK,
                false,
                false)));
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

    private void anotherLeads() {
        assertThat(lock.tryAcquire(LOCK_NAME, FrozenEnvironment.TTL)).isPresent();
    }

    private JsonNode history(long version) {
        return documents.read("history/%019d".formatted(version));
    }

    private Duration waited() {
        return environment.waits.stream().reduce(Duration.ZERO, Duration::plus);
    }

    @Test
    void aTermBringsTheFleetToItsTargetStageByStage() {
        fleet(0, global(1), global(2));
        lead();
        assertThat(store.state().current()).isEqualTo(2);
        assertThat(ran).containsExactly("1, attempt 1", "2, attempt 1");
        assertThat(told).containsExactly("reached 1", "reached 2");
        assertThat(loop.done).containsExactly(1L, 2L);
        assertThat(loop.reached).containsExactly(1L, 2L);
        assertThat(loop.superseded).isZero();
        assertThat(environment.waits).as("it has nothing to wait for").isEmpty();
    }

    @Test
    void theHistoryRecordsWhatWasStartedAndReached() {
        fleet(0, global(1));
        lead();
        assertThat(history(1).path("startedBy").asText()).isEqualTo("replica");
        assertThat(history(1).path("finishedBy").asText()).isEqualTo("replica");
    }

    @Test
    void eachChangeWakesTheLoop() {
        fleet(0, global(1), global(2));
        List<Boolean> woken = new ArrayList<>();
        store.onCall = call -> {
            if (call.equals(WatchedStore.LOOK)) {
                woken.add(loop.lower());
            }
        };
        lead();
        assertThat(woken)
                .as("before each look; the first comes before any change")
                .containsExactly(false, true, true, true, true);
        assertThat(loop.lower()).as("after the term").isTrue();
    }

    @Test
    void itEndsWhenTheReplicaStops() {
        fleet(0, kb(1));
        environment.meanwhile(loop::stop);
        lead();
        assertThat(store.state().current()).isZero();
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itDoesNotWaitWhenTheReplicaStopsDuringAStep() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, loop::stop);
        lead();
        assertThat(environment.waits).isEmpty();
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itEndsWhenAnOperatorPausesTheFleet() {
        fleet(0, kb(1));
        environment.meanwhile(() -> store.put(ControlDocument.NAME, "{\"paused\":true}"));
        lead();
        assertThat(environment.waits).hasSize(1);
        assertThat(isLockFree()).isTrue();
    }

    @Test
    void itLeavesVersionsThatItDoesNotKnowToOthers() {
        fleet(0, global(1), global(2));
        String both = store.state().toJson();
        fleet(0, global(1));
        store.put(FleetState.DOCUMENT, both);
        lead();
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(environment.waits).isEmpty();
    }

    @Test
    void aStoreThatFailsForAMomentDoesNotEndTheTerm() {
        fleet(0, global(1));
        fail(WatchedStore.LOOK);
        environment.meanwhile(() -> store.onCall = call -> {});
        lead();
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(waited()).isEqualTo(Duration.ofMillis(100));
    }

    /** Only its revision changes. */
    private void changeStateByOthers() {
        store.put(FleetState.DOCUMENT, store.state().toJson());
    }

    @Test
    void aStateThatOthersChangeMeanwhileIsReadAgain() {
        fleet(0, global(1));
        atFirst(WatchedStore.CHANGE_STATE, this::changeStateByOthers);
        lead();
        assertThat(store.state().current()).isEqualTo(1);
        assertThat(environment.waits).isEmpty();
        assertThat(store.count(WatchedStore.LOOK)).isEqualTo(4);
    }

    @Test
    void aVersionIsNotReachedWhenTheStateCannotBeChanged() {
        fleet(1, global(1));
        atFirst(WatchedStore.CHANGE_STATE, this::changeStateByOthers);
        lead();
        assertThat(told).containsExactly("reached 1");
        assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(2);
    }

    /** The lease of the term. */
    @Nested
    class LeaseOfTheTerm {

        @Test
        void whileAnotherLeadsItDoesNothingAndDoesNotWakeTheLoop() {
            fleet(0, global(1));
            anotherLeads();
            lead();
            assertThat(store.calls).isEmpty();
            assertThat(loop.lower()).isFalse();
        }

        @Test
        void aTermThatNeverLedWakesALoopThatStops() {
            fleet(0, global(1));
            anotherLeads();
            loop.stop();
            loop.lower();
            lead();
            assertThat(loop.lower()).isTrue();
        }

        @Test
        void itIsReleasedWhenTheTermCannotBegin() {
            fleet(0, global(1));
            fail("open epochs");
            lead();
            assertThat(isLockFree()).isTrue();
            assertThat(loop.lower()).as("the loop tries again in its own time").isFalse();
        }

        @Test
        void itIsKeptWhileTheTermLastsAndReleasedAfterwards() {
            fleet(0, kb(1));
            environment.meanwhile(() -> {
                assertThat(isLockFree()).isFalse();
                assertThat(environment.names()).contains("kb-migrator-leases", "kb-migrator-watch");
                store.allReached(1);
            });
            lead();
            assertThat(store.state().current()).isEqualTo(1);
            assertThat(isLockFree()).isTrue();
        }

        @Test
        void itExpiresWhenAnExecutionMayStillRunUnderIt() {
            fleet(0, global(1));
            // As the keeper does with what does not stop
            part = context -> ((Execution) context).scope().leaveToExpire();
            lead();
            assertThat(isLockFree()).isFalse();
            environment.run("kb-migrator-leases");
            assertThat(environment.waits).as("nothing is renewed any more").hasSize(1);
            environment.pass(FrozenEnvironment.TTL);
            assertThat(isLockFree()).isTrue();
        }

        @Test
        void losingItCancelsAndInterruptsTheGlobalPart() {
            fleet(0, global(1));
            List<Boolean> noted = new ArrayList<>();
            part = context -> {
                noted.add(context.isCancelled());
                replica.leases().lose(((Execution) context).scope(), "taken over");
                noted.add(context.isCancelled());
                noted.add(Thread.currentThread().isInterrupted());
            };
            lead();
            assertThat(noted).containsExactly(false, true, true);
            assertThat(loop.superseded).as("nobody else coordinates").isZero();
            assertThat(environment.waits).isEmpty();
        }

        @Test
        void losingItEndsTheWaitAtABarrier() {
            fleet(0, kb(1));
            List<Long> lostAt = new ArrayList<>();
            environment.meanwhile(
                    () -> {
                        environment.pass(FrozenEnvironment.TTL);
                        environment.run("kb-migrator-watch");
                        lostAt.add(environment.nanoTime());
                    },
                    () -> {});
            lead();
            assertThat(lostAt).containsExactly(environment.nanoTime());
            assertThat(store.state().current()).isZero();
            assertThat(loop.lower()).as("the loop may start another term").isTrue();
        }

        @Test
        void itIsNotReleasedBeforeTheGlobalPartIsQuiet() {
            executor = executions;
            fleet(0, global(1));
            List<Boolean> free = new ArrayList<>();
            environment.meanwhile(
                    () -> {
                        loop.stop();
                        throw new IllegalStateException("whatever goes wrong while it waits");
                    },
                    () -> {},
                    () -> {
                        free.add(isLockFree());
                        assertThat(executions.runOne()).isTrue();
                    });
            lead();
            assertThat(free).containsExactly(false);
            assertThat(isLockFree()).isTrue();
        }
    }

    /** Before a stage and at its end. */
    @Nested
    class Barrier {

        @Test
        void atABarrierItWaitsForKbs() {
            fleet(0, kb(1));
            environment.meanwhile(() -> {}, () -> {}, () -> store.allReached(1));
            lead();
            assertThat(environment.waits).hasSize(3).containsOnly(AT_BARRIER);
            assertThat(loop.barriers)
                    .hasSize(3)
                    .allSatisfy(view -> assertThat(view.allKbsReached(1)).isFalse());
            assertThat(store.state().current()).isEqualTo(1);
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
        void aFullRolloutIsNotOpenedBeforeEveryReplicaKnowsIt() {
            fleet(0, everywhere(1));
            another(0);
            environment.meanwhile(() -> another(1), () -> store.allReached(1));
            List<Long> open = new ArrayList<>();
            store.onCall = call -> {
                if (call.equals(WatchedStore.LOOK)) {
                    open.add(store.state().open());
                }
            };
            lead();
            assertThat(open).as("at each look").startsWith(0L, 0L, 1L);
            assertThat(store.state().current()).isEqualTo(1);
        }

        @Test
        void aSingleRunDoesNotWaitForAFullRollout() {
            fleet(0, everywhere(1));
            another(0);
            lead(RunMode.SINGLE_RUN);
            assertThat(store.state().open()).isZero();
            assertThat(environment.waits).isEmpty();
        }
    }

    /** The host's list of KBs. */
    @Nested
    class HostList {

        @Test
        void itIsReadBeforeAStage() {
            lists();
            fleet(0, global(1));
            lead();
            assertThat(store.count(LISTED)).isEqualTo(1);
            assertThat(store.calls.indexOf(LISTED)).isLessThan(store.calls.indexOf(WatchedStore.CHANGE_STATE));
        }

        @Test
        void aListThatWasReadRecentlyIsNotReadAgain() {
            lists();
            fleet(0, global(1), global(2));
            lead();
            assertThat(store.state().current()).isEqualTo(2);
            assertThat(store.count(LISTED)).isEqualTo(1);
        }

        @Test
        void aStageThatGrowsDoesNotWaitForTheList() {
            lists();
            fleet(1, kb(1), kb(2));
            store.allReached(2);
            lead();
            assertThat(store.count(LISTED)).isEqualTo(1);
            assertThat(store.calls.indexOf(LISTED)).isGreaterThan(store.calls.indexOf(WatchedStore.CHANGE_STATE));
            assertThat(store.state().current()).isEqualTo(2);
        }

        @Test
        void aListSlowerThanTheIntervalCountsForItsStage() {
            environment.knowledgeBoxes = () -> {
                store.calls.add(LISTED);
                environment.pass(HOUR);
                return Stream.empty();
            };
            fleet(0, kb(1), kb(2));
            store.allReached(2);
            lead();
            assertThat(store.state().current()).isEqualTo(2);
            assertThat(store.count(LISTED))
                    .as("before the stage, and at its end")
                    .isEqualTo(2);
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
        void aListThatCannotBeReadHoldsUpOnlyWhatComesAfterTheKbs() {
            listsInVain();
            fleet(0, global(1));
            lead();
            assertThat(environment.waits).hasSize(1);
            assertThat(store.state().current()).isEqualTo(1);
        }

        @Test
        void aSingleRunDoesNotWaitForAListThatCannotBeRead() {
            environment.knowledgeBoxes = () -> {
                throw new IllegalStateException("no list");
            };
            fleet(0, global(1));
            lead(RunMode.SINGLE_RUN);
            assertThat(environment.waits).isEmpty();
            assertThat(store.state().open()).isEqualTo(1);
            assertThat(ran).isEmpty();
        }
    }

    /** The global part of a stage. */
    @Nested
    class GlobalPart {

        @Test
        void aPartThatIsRecordedAsDoneIsNotRunAgain() {
            fleet(1, global(1));
            store.put(GlobalPartRecord.documentOf(1), "{\"done\":true}");
            lead();
            assertThat(ran).isEmpty();
            assertThat(store.state().current()).isEqualTo(1);
        }

        private void failedOnce(Duration dueIn) {
            long due = environment.micros() + dueIn.toNanos() / 1_000;
            store.put(GlobalPartRecord.documentOf(1), "{\"failures\":1,\"dueMicros\":" + due + "}");
        }

        @Test
        void aPartThatFailedIsRetriedAtTheMomentItIsDue() {
            fleet(1, global(1));
            failedOnce(Duration.ZERO);
            lead();
            assertThat(ran).containsExactly("1, attempt 2");
            assertThat(environment.waits).isEmpty();
        }

        @Test
        void aPartThatIsNotDueHasToWait() {
            fleet(1, global(1));
            failedOnce(Duration.ofMillis(1));
            environment.meanwhile(() -> assertThat(ran).isEmpty());
            lead();
            assertThat(ran).containsExactly("1, attempt 2");
            assertThat(environment.waits).hasSize(1);
        }

        @Test
        void aSingleRunTriesAPartThatIsNotDue() {
            fleet(1, global(1));
            failedOnce(HOUR);
            lead(RunMode.SINGLE_RUN);
            assertThat(ran).containsExactly("1, attempt 2");
            assertThat(store.state().current()).isEqualTo(1);
        }

        @Test
        void theTermWaitsForThePartAndIsWokenByItsEnd() {
            executor = executions;
            fleet(0, global(1));
            environment.meanwhile(() -> {
                assertThat(store.state().current()).isZero();
                assertThat(executions.runOne()).isTrue();
            });
            Duration before = Duration.ofNanos(environment.nanoTime());
            lead();
            assertThat(store.state().current()).isEqualTo(1);
            assertThat(Duration.ofNanos(environment.nanoTime())).isEqualTo(before);
        }

        @Test
        void aFailureIsRecordedAndRetriedInTheSameTerm() {
            fleet(1, global(1));
            part = context -> {
                throw new IllegalStateException("broken");
            };
            environment.meanwhile(() -> {
                assertThat(loop.failures).containsExactly("0001_global: java.lang.IllegalStateException: broken");
                assertThat(loop.done).isEmpty();
                assertThat(store.state().current()).isZero();
                part = context -> {};
                environment.pass(BACKOFF);
            });
            lead();
            assertThat(ran).containsExactly("1, attempt 1", "1, attempt 2");
            assertThat(told).containsExactly("0001_global failed: broken, again in PT1S", "reached 1");
            assertThat(loop.done).containsExactly(1L);
        }

        @Test
        void aSingleRunEndsItsTermWithAFailure() {
            fleet(1, global(1));
            part = context -> {
                throw new IllegalStateException("broken");
            };
            lead(RunMode.SINGLE_RUN);
            assertThat(GlobalPartRecord.read(documents, 1).failures()).isEqualTo(1);
            assertThat(environment.waits).isEmpty();
            assertThat(loop.done).isEmpty();
        }

        @Test
        void successIsRecordedAfterTheStoreFailedForAMoment() {
            fleet(1, global(1));
            fail(WatchedStore.CHANGE + GlobalPartRecord.documentOf(1));
            environment.meanwhile(() -> {}, () -> store.onCall = call -> {});
            lead();
            assertThat(ran).containsExactly("1, attempt 1");
            assertThat(store.state().current()).isEqualTo(1);
            assertThat(waited()).isEqualTo(Duration.ofMillis(300));
        }

        @Test
        void aVersionIsNotReachedBeforeItsPartIsRecorded() {
            fleet(1, global(1));
            fail(WatchedStore.CHANGE + GlobalPartRecord.documentOf(1));
            environment.meanwhile(loop::stop);
            lead();
            assertThat(store.state().current()).isZero();
            assertThat(isLockFree()).isTrue();
        }
    }

    /** Another coordinator takes over. */
    @Nested
    class Superseded {

        @Test
        void theTermEndsAtOnce() {
            fleet(0, global(1));
            atFirst(WatchedStore.CHANGE_STATE, store::takeOver);
            lead();
            assertThat(store.count(WatchedStore.LOOK)).isEqualTo(1);
            assertThat(store.state().open()).isZero();
            assertThat(isLockFree()).isTrue();
            assertThat(loop.superseded).isEqualTo(1);
        }

        /** Whoever goes on would run the part again. */
        private void assertThatItLeftAfterOneAttempt() {
            assertThat(loop.superseded).isEqualTo(1);
            assertThat(loop.reached).isEmpty();
            assertThat(ran).containsExactly("1, attempt 1");
            assertThat(store.count(WatchedStore.LOOK))
                    .as("before the host's list and after it")
                    .isEqualTo(2);
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isZero();
            assertThat(isLockFree()).isTrue();
        }

        @Test
        void whileTheGlobalPartRunsNothingIsRecorded() {
            fleet(1, global(1));
            part = context -> store.takeOver();
            lead();
            assertThatItLeftAfterOneAttempt();
            assertThat(store.document(GlobalPartRecord.documentOf(1))).isEmpty();
        }

        @Test
        void whileTheGlobalPartFailsTheTermEnds() {
            fleet(1, global(1));
            part = context -> {
                store.takeOver();
                throw new IllegalStateException("broken");
            };
            lead();
            assertThatItLeftAfterOneAttempt();
        }

        @Test
        void whileTheGlobalPartSavesACheckpointTheTermEnds() {
            fleet(1, global(1));
            part = context -> {
                store.takeOver();
                context.saveCheckpoint("here");
            };
            lead();
            assertThatItLeftAfterOneAttempt();
            assertThat(loop.failures).isEmpty();
        }
    }
}
