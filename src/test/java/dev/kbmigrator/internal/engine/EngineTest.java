package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.Writes;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What a host asks for, in one thread: while it waits, what it has started is run, or what the test has planned. */
class EngineTest {

    private static final Duration TEN_SECONDS = Duration.ofSeconds(10);
    private static final Duration FIVE_SECONDS = Duration.ofSeconds(5);
    private static final String KB = "kb";

    private final ScriptedEnvironment environment = new ScriptedEnvironment();
    private final Store store = new Store(environment);
    private final List<String> ran = new ArrayList<>();
    private GlobalMigration.Part part = context -> {};
    private Engine engine = newEngine();

    /** One that joins transactions, and notes how. */
    private static final class Store extends WatchedStore implements HostTransactionSupport {

        private Store(ScriptedEnvironment environment) {
            super(environment);
        }

        @Override
        public boolean enroll(Connection connection, String kbId, long version) {
            calls.add("enrol " + kbId + " at " + version + " with the host");
            return true;
        }

        @Override
        public void checkReady(Connection connection) {
            calls.add("check");
        }

        @Override
        public Optional<Document> document(Connection connection, String name, boolean locked) {
            calls.add("read " + name + (locked ? " locked" : "") + " with the host");
            return document(name);
        }

        @Override
        public boolean compareAndSet(Connection connection, String name, long revision, @Nullable String json) {
            calls.add("change " + name + " with the host");
            return compareAndSet(name, revision, json, null);
        }
    }

    private Engine newEngine(Migration... migrations) {
        environment.otherwise = this::runOne;
        return new Engine(environment.config(store, environment.newLock(), Runnable::run, migrations));
    }

    private void use(Migration... migrations) {
        engine = newEngine(migrations);
    }

    /** While someone waits, the other threads go on. */
    private void runOne() {
        for (String name : List.of(
                ScriptedEnvironment.COORDINATOR,
                ScriptedEnvironment.LISTING,
                ScriptedEnvironment.LOOP,
                ScriptedEnvironment.SIGN_OFF)) {
            if (environment.names().contains(name)) {
                environment.run(name);
                return;
            }
        }
    }

    @AfterEach
    void nobodyIsLeftInterrupted() {
        Thread.interrupted();
    }

    private GlobalMigration global(long version) {
        return GlobalMigration.of(version, "global", context -> {
            ran.add("global " + version);
            part.migrate(context);
        });
    }

    private static KbMigration kb(long version) {
        return KbMigration.of(version, "kb", (context, kbId) -> {});
    }

    private void put(long current, Migration... plan) {
        Plan known = new Plan(FrozenEnvironment.catalogOf(plan).above(0));
        long newest = known.newest(0);
        FleetState state = new FleetState(
                0, 0, current, current, newest > current ? newest : 0, Long.MAX_VALUE, 0, known, Json.object());
        store.put(FleetState.DOCUMENT, state.toJson());
    }

    private void fail(String call) {
        store.onCall = made -> {
            if (made.equals(call)) {
                throw new StateStoreException("the store is down");
            }
        };
    }

    /** The signal of the loop that this starts. */
    private ScriptedEnvironment.Wakeable start() {
        int before = environment.signals();
        engine.start();
        return environment.signal(before);
    }

    private void assertAtWork() {
        assertThatThrownBy(engine::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("already at work");
    }

    private void assertClosed(Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOf(MigratorClosedException.class)
                .hasMessageContaining("closed");
    }

    /** Starting and running. */
    @Nested
    class Running {

        @Test
        void startingReturnsAtOnceAndGoesOnInTheBackground() {
            engine.start();
            assertThat(store.calls).isEmpty();
            assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
            assertAtWork();
        }

        @Test
        void aReplicaThatCouldNotBeStartedCanBeStartedLater() {
            environment.noThread = new OutOfMemoryError("unable to create native thread");
            assertThatThrownBy(engine::start).isSameAs(environment.noThread);
            environment.noThread = null;
            engine.start();
            assertAtWork();
        }

        @Test
        void aRunWaitsUntilTheFleetIsAtItsTarget() {
            store.listed();
            use(global(1), global(2));
            part = context -> environment.pass(FIVE_SECONDS);
            environment.meanwhile(() -> {
                environment.run(ScriptedEnvironment.COORDINATOR);
                environment.run(ScriptedEnvironment.LOOP);
            });
            RunReport report = engine.run(null);
            assertThat(ran).containsExactly("global 1", "global 2");
            assertThat(report.currentVersion()).isEqualTo(2);
            assertThat(report.globalMigrations()).containsExactly(1L, 2L);
            assertThat(report.duration()).isEqualTo(TEN_SECONDS);
            assertThat(engine.run(null).globalMigrations()).as("once more").isEmpty();
        }

        @Test
        void aRunMayBeLimitedForTheWholeFleet() {
            store.listed();
            use(global(1), global(2));
            assertThat(engine.run(1L).currentVersion()).isEqualTo(1);
            assertThat(store.state().cap()).isEqualTo(1);
            assertThat(engine.run(null).currentVersion()).isEqualTo(1);
            assertThat(ran).containsExactly("global 1");
        }

        @Test
        void aRunThatCannotBeLimitedDoesNotBegin() {
            fail(WatchedStore.CHANGE_STATE);
            assertThatThrownBy(() -> engine.run(1L))
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining("could not begin")
                    .hasMessageContaining("the store is down");
            assertThat(store.count(WatchedStore.LOOK)).isZero();
            engine.start();
            assertAtWork();
        }

        @Test
        void aRunSaysWhyItCouldNotGoOn() {
            fail(WatchedStore.LOOK);
            assertThatThrownBy(() -> engine.run(null))
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining("could not go on")
                    .hasMessageContaining("the store is down");
        }

        @Test
        void aRunNamesAConflictWithThePlan() {
            put(0, kb(1));
            use(global(1));
            assertThatThrownBy(() -> engine.run(null))
                    .isInstanceOf(InvalidMigrationsException.class)
                    .hasMessageContaining("0001_kb");
        }

        @Test
        void aRunSaysWhatFailed() {
            store.listed();
            use(global(1));
            part = context -> {
                throw new IllegalStateException("broken");
            };
            MigrationFailedException failed =
                    catchThrowableOfType(MigrationFailedException.class, () -> engine.run(null));
            assertThat(failed).hasMessageContaining("version 0 of 1").hasMessageContaining("broken");
            assertThat(failed.report().globalFailure()).isPresent();
        }

        @Test
        void aRunSaysThatTheFleetIsPaused() {
            engine.setPaused(true, "busy hours");
            assertThatThrownBy(() -> engine.run(null))
                    .isInstanceOf(MigrationsPausedException.class)
                    .hasMessageContaining("paused by an operator: busy hours");
        }

        @Test
        void aRunSaysThatItWasClosed() {
            store.listed();
            use(global(1));
            environment.meanwhile(() -> engine.close(TEN_SECONDS));
            assertThatThrownBy(() -> engine.run(null))
                    .isInstanceOf(MigratorClosedException.class)
                    .hasMessageContaining("closed before the run had ended");
            assertThat(ran).isEmpty();
        }

        @Test
        void anInterruptEndsTheWaitForARunAndWhatItHasStarted() {
            store.listed();
            use(global(1));
            environment.meanwhile(() -> Thread.currentThread().interrupt());
            assertThatThrownBy(() -> engine.run(null))
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContaining("interrupted");
            assertThat(Thread.interrupted()).isTrue();
            environment.run(ScriptedEnvironment.COORDINATOR);
            assertThat(ran).isEmpty();
        }
    }

    /** Changes of the fleet's documents. */
    @Nested
    class Changes {

        @Test
        void aCapWakesTheLoopAndIsSetOnlyOnce() {
            use(global(1));
            ScriptedEnvironment.Wakeable loop = start();
            engine.setCap(3);
            assertThat(loop.lower()).isTrue();
            engine.setCap(3);
            assertThat(loop.lower()).as("no news").isFalse();
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(1);
            assertThat(store.state().cap()).isEqualTo(3);
        }

        private void othersAlwaysChange(String name) {
            store.onCall = call -> {
                if (call.equals(WatchedStore.CHANGE + name)) {
                    store.put(name, FleetState.initial(0).toJson());
                }
            };
        }

        @Test
        void aChangeOfTheStateIsGivenUpAfterTwentyTries() {
            othersAlwaysChange(FleetState.DOCUMENT);
            assertThatThrownBy(() -> engine.setCap(3)).isInstanceOf(StateStoreException.class);
            assertThat(store.count(WatchedStore.CHANGE_STATE)).isEqualTo(20);
        }

        @Test
        void aPauseIsRecordedWithItsReasonAndWakesTheLoop() {
            store.put(ControlDocument.NAME, "{\"invented\":7}");
            ScriptedEnvironment.Wakeable loop = start();
            engine.setPaused(true, "busy hours");
            assertThat(loop.lower()).isTrue();
            assertThat(store.document(ControlDocument.NAME).orElseThrow().json())
                    .contains("\"invented\":7", "\"paused\":true", "\"reason\":\"busy hours\"", "\"by\":\"replica\"");
            engine.setPaused(false, "");
            assertThat(store.document(ControlDocument.NAME).orElseThrow().json())
                    .contains("\"paused\":false");
        }

        @Test
        void aPauseIsGivenUpAfterTwentyTries() {
            othersAlwaysChange(ControlDocument.NAME);
            assertThatThrownBy(() -> engine.setPaused(true, "")).isInstanceOf(StateStoreException.class);
            assertThat(store.count(WatchedStore.CHANGE + ControlDocument.NAME)).isEqualTo(20);
        }

        @Test
        void migrationsThatHaveNotStartedAreWithdrawn() {
            put(1, kb(1), kb(2));
            engine.abandonTarget("release withdrawn");
            assertThat(store.state().plan().migrations()).hasSize(1);
            assertThat(store.state().unfinished()).isFalse();
        }
    }

    /** Closing. */
    @Nested
    class Closing {

        @Test
        void closingBeforeAStartAsksTheStoreNothing() {
            engine.close(TEN_SECONDS);
            assertThat(store.calls).isEmpty();
            assertThat(environment.names()).isEmpty();
            assertThat(environment.waits).isEmpty();
        }

        @Test
        void aClosedMigratorRefusesToWork() {
            put(1, kb(1));
            store.enroll(Set.of(KB), 0);
            engine.close(TEN_SECONDS);
            assertClosed(engine::start);
            assertClosed(() -> engine.run(null));
            assertClosed(() -> engine.migrateKb(KB, 0, ""));
        }

        @Test
        void closingStopsTheReplicaAndSignsOffOnce() {
            engine.start();
            long before = environment.nanoTime();
            engine.close(TEN_SECONDS);
            assertThat(environment.nanoTime()).isEqualTo(before);
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isEqualTo(1);
            engine.close(TEN_SECONDS);
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isEqualTo(1);
            assertThat(environment.names()).isEmpty();
        }

        @Test
        void signingOffTakesNoLongerThanTheTimeLeft() {
            engine.start();
            environment.meanwhile(
                    () -> {
                        environment.pass(Duration.ofSeconds(3));
                        environment.run(ScriptedEnvironment.LOOP);
                    },
                    () -> {});
            engine.close(TEN_SECONDS);
            assertThat(environment.waits).containsExactly(FIVE_SECONDS, Duration.ofSeconds(7));
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isZero();
        }

        @Test
        void failingToSignOffIsHarmless() {
            engine.start();
            fail(WatchedStore.FORGET_REPLICA);
            long before = environment.nanoTime();
            engine.close(TEN_SECONDS);
            assertThat(environment.nanoTime()).isEqualTo(before);
        }

        @Test
        void anInterruptEndsTheWaitForSigningOff() {
            engine.start();
            environment.meanwhile(
                    () -> environment.run(ScriptedEnvironment.LOOP),
                    () -> Thread.currentThread().interrupt());
            engine.close(TEN_SECONDS);
            assertThat(environment.isAllDone()).isTrue();
            assertThat(Thread.interrupted()).isTrue();
        }

        @Test
        void aReplicaThatDoesNotStopIsAwaitedAndNotSignedOff() {
            engine.start();
            environment.otherwise = () -> {};
            engine.close(TEN_SECONDS);
            assertThat(environment.waits)
                    .as("before and after what runs is interrupted")
                    .containsExactly(FIVE_SECONDS, FIVE_SECONDS);
            assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
        }

        @Test
        void whatRunsIsInterruptedAfterHalfOfTheTime() {
            store.listed();
            use(global(1));
            List<Duration> interruptedAfter = new ArrayList<>();
            part = context -> {
                // In the only thread there is, so that the interrupt ends the second half of the wait
                long before = environment.nanoTime();
                environment.meanwhile(
                        () -> assertThat(Thread.currentThread().isInterrupted()).isFalse());
                engine.close(TEN_SECONDS);
                if (Thread.currentThread().isInterrupted()) {
                    interruptedAfter.add(Duration.ofNanos(environment.nanoTime() - before));
                }
            };
            environment.atOnce = ScriptedEnvironment.COORDINATOR;
            engine.start();
            environment.run(ScriptedEnvironment.LOOP);
            assertThat(interruptedAfter).containsExactly(FIVE_SECONDS);
        }

        @Test
        void aReplicaThatStopsOnAnInterruptIsSignedOff() {
            engine.start();
            environment.meanwhile(() -> {}, () -> environment.run(ScriptedEnvironment.LOOP));
            engine.close(TEN_SECONDS);
            assertThat(environment.waits).startsWith(FIVE_SECONDS, FIVE_SECONDS);
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isEqualTo(1);
        }

        @Test
        void closingInAnInterruptedThreadWaitsForNothing() {
            engine.start();
            Thread.currentThread().interrupt();
            engine.close(TEN_SECONDS);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(environment.waits).isEmpty();
            assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
        }
    }

    /** Whether the replica may serve. */
    @Nested
    class Readiness {

        @Test
        void itIsReadyOnlyBetweenTheStartAndTheEnd() {
            store.listed();
            assertThat(engine.readiness().ready()).as("before the start").isFalse();
            engine.run(null);
            assertThat(engine.readiness().ready()).isTrue();
            engine.close(TEN_SECONDS);
            assertThat(engine.readiness().ready()).as("closed").isFalse();
        }
    }

    /** Registering and forgetting. */
    @Nested
    class Registration {

        private long version(String kbId) {
            KbState kb = store.find(Set.of(kbId)).get(kbId);
            return Objects.requireNonNull(kb).version();
        }

        @Test
        void aNewKbStartsAtTheNewestVersionWhichIsAnnounced() {
            use(kb(1), kb(2));
            engine.registerKb(KB);
            assertThat(version(KB)).isEqualTo(2);
            assertThat(store.state().plan().migrations()).hasSize(2);
            assertThat(store.state().registered()).isEqualTo(2);
            store.calls.clear();
            engine.registerKb("another");
            assertThat(store.calls).containsExactly(WatchedStore.ENROL);
        }

        @Test
        void aBuildThatConflictsRegistersNothing() {
            put(1, kb(1));
            use(global(1));
            assertThatThrownBy(() -> engine.registerKb(KB)).isInstanceOf(InvalidMigrationsException.class);
            assertThat(store.count(WatchedStore.ENROL)).isZero();
        }

        /** Of the host's connection, only its mode is of interest. */
        private static Connection connection(boolean autoCommit) {
            return (Connection) Proxy.newProxyInstance(
                    EngineTest.class.getClassLoader(), new Class<?>[] {Connection.class}, (self, method, arguments) -> {
                        if (method.getName().equals("getAutoCommit")) {
                            return autoCommit;
                        }
                        throw new AssertionError("not to be used");
                    });
        }

        private static Connection connection() {
            return connection(false);
        }

        @Test
        void aConnectionThatCommitsByItselfIsRefused() {
            use(kb(1));
            assertThatThrownBy(() -> engine.registerKb(connection(true), KB))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("auto-commit");
            assertThat(store.calls).isEmpty();
        }

        @Test
        void theFirstHostTransactionAnnouncesTheVersionWithItsOwnConnection() {
            use(kb(1));
            engine.registerKb(connection(), KB);
            assertThat(store.calls)
                    .startsWith("check", "read now/state with the host")
                    .contains("change now/state with the host")
                    .endsWith("enrol kb at 1 with the host");
            assertThat(store.state().registered()).isEqualTo(1);
            store.calls.clear();
            engine.registerKb(connection(), "another");
            assertThat(store.calls)
                    .as("the host may have rolled back, so that it is read again")
                    .startsWith("check", "read now/state with the host")
                    .doesNotContain(WatchedStore.CHANGE_STATE)
                    .endsWith("enrol another at 1 with the host");
        }

        @Test
        void anAnnouncementThatTheHostRollsBackIsMadeAgain() {
            use(kb(1));
            engine.registerKb(connection(), KB);
            store.compareAndSet(FleetState.DOCUMENT, store.state().revision(), null, null);
            engine.registerKb(connection(), KB);
            assertThat(store.state().registered()).isEqualTo(1);
        }

        @Test
        void whatARunHasSeenNeedsNoReadInAHostTransaction() {
            store.listed();
            use(global(1));
            engine.run(null);
            store.calls.clear();
            engine.registerKb(connection(), KB);
            assertThat(store.calls).containsExactly("enrol kb at 1 with the host");
        }

        @Test
        void aStoreThatJoinsNoTransactionSaysSo() {
            Engine other = new Engine(
                    environment.config(new WatchedStore(environment), environment.newLock(), Runnable::run, kb(1)));
            assertThatThrownBy(() -> other.registerKb(connection(), KB))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("registerKb(kbId)");
        }

        @Test
        void aForgottenKbIsGone() {
            store.enroll(Set.of(KB), 0);
            engine.forgetKb(KB);
            assertThat(store.find(Set.of(KB))).isEmpty();
        }

        @Test
        void aForgottenReplicaIsGone() {
            store.listed();
            engine.run(null);
            assertThat(engine.status().replicas()).hasSize(1);
            engine.forgetReplica("replica");
            assertThat(store.calls).last().isEqualTo(WatchedStore.FORGET_REPLICA);
        }
    }

    /** Requests for one KB. */
    @Nested
    class Requests {

        private void aKbIsBehind() {
            store.listed();
            put(1, kb(1));
            use(kb(1));
            store.enroll(Set.of(KB), 0);
        }

        private void bringUp() {
            store.byOthers(() -> store.write(
                    store.openEpochs(Set.of(Partitions.of(KB))).values(), List.of(Writes.advanced(store, KB, 0, 1))));
        }

        @Test
        void aRequestIsServedByTheReplicaInTheBackground() {
            aKbIsBehind();
            ScriptedEnvironment.Wakeable loop = start();
            environment.meanwhile(() -> {
                assertThat(loop.lower()).isTrue();
                assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
                bringUp();
            });
            assertThat(engine.migrateKb(KB, 0, "")).isEqualTo(1);
            assertThat(environment.names()).as("it stays").containsExactly(ScriptedEnvironment.LOOP);
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isZero();
        }

        @Test
        void withoutAReplicaARequestStartsOneThatSignsOff() {
            aKbIsBehind();
            environment.meanwhile(() -> {
                assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
                bringUp();
            });
            assertThat(engine.migrateKb(KB, 0, "")).isEqualTo(1);
            assertThat(environment.names()).isEmpty();
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isEqualTo(1);
        }

        @Test
        void afterARunARequestStartsAnotherReplica() {
            store.listed();
            put(1, kb(1));
            store.allReached(1);
            use(kb(1));
            engine.run(null);
            store.enroll(Set.of(KB), 0);
            environment.meanwhile(() -> {
                assertThat(environment.names()).containsExactly(ScriptedEnvironment.LOOP);
                bringUp();
            });
            assertThat(engine.migrateKb(KB, 0, "")).isEqualTo(1);
            assertThat(environment.names()).isEmpty();
            assertThat(store.count(WatchedStore.FORGET_REPLICA))
                    .as("it signs off when it is closed")
                    .isZero();
        }
    }

    /** What people read. */
    @Nested
    class Reports {

        @Test
        void aDryRunShowsWhatARunWouldDo() {
            use(kb(1), global(2));
            assertThat(engine.dryRun(false).targetVersion()).isEqualTo(2);
        }

        @Test
        void aStatusWithoutAReplicaLeavesNoTrace() {
            int signals = environment.signals();
            assertThat(engine.status().replicas()).isEmpty();
            assertThat(store.calls).containsExactly(WatchedStore.LOOK);
            assertThat(environment.signals()).as("no replica is made for it").isEqualTo(signals);
            assertThat(store.heartbeats).singleElement().satisfies(heartbeat -> {
                assertThat(heartbeat.observer()).isTrue();
                assertThat(heartbeat.self().ready()).isFalse();
            });
        }

        @Test
        void aStatusWithAReplicaIsALookOfThatReplica() {
            engine.start();
            assertThat(engine.status().replicas())
                    .extracting(MigratorStatus.Replica::id)
                    .containsExactly("replica");
            assertThat(engine.readiness().ready()).isTrue();
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isZero();
        }

        @Test
        void aStatusAfterARunIsNotALookOfTheRun() {
            store.listed();
            engine.run(null);
            environment.pass(Duration.ofHours(1));
            assertThat(engine.status().replicas()).hasSize(1);
            assertThat(engine.readiness().ready()).isFalse();
            assertThat(store.count(WatchedStore.FORGET_REPLICA)).isZero();
        }
    }
}
