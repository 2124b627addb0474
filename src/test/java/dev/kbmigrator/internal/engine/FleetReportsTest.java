package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.execution.ExecutionWatchdog;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.worker.Worker;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the replica called "replica" tells people of the fleet. */
class FleetReportsTest {

    private static final List<String> KBS = OnePartition.kbs(130);
    private static final String NEVER_LISTED =
            "the host's list of KBs has never been read to its end, so KBs that nobody has"
                    + " registered are not counted: dryRunReadingList() reads it";
    private static final String ROLLOUT =
            "0001_migration starts when every replica knows it; waiting for replica old on"
                    + " elsewhere (build 0.9, version 0)";
    private static final String BROKEN_LIST =
            "the host's list of KBs failed after 0 ids: java.lang.IllegalStateException: no connection";

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks executions = new FrozenEnvironment.Tasks();
    private final Store store = new Store();
    private EngineConfig config = configOf(migration(1), migration(2));

    private final class Store extends MemoryStateStore {

        private int mostWrites = 256;
        private int pages;

        private Store() {
            super(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
        }

        @Override
        public synchronized Page page(PageQuery request) {
            pages++;
            return super.page(request);
        }

        @Override
        public int maxBatch() {
            return mostWrites;
        }
    }

    private EngineConfig configOf(Migration... migrations) {
        return environment.config(store, MemoryLock.create(() -> 0), executions, migrations);
    }

    private static KbMigration migration(long version) {
        return KbMigration.of(version, "migration", (context, kbId) -> {});
    }

    /** A fleet on its way to version 2, which is open, with so many KBs at version 0. */
    private void enroll(int kbs) {
        OnePartition.enroll(KBS.subList(0, kbs), config);
    }

    /** A fleet with that plan, of which nothing is open. */
    private void plan(MigrationInfo... plan) {
        FleetState state = FleetState.initial(0).extended(Arrays.asList(plan));
        assertThat(store.compareAndSet(FleetState.DOCUMENT, 0, state.toJson(), null))
                .isTrue();
    }

    private static MigrationInfo info(long version) {
        return MigrationInfo.of(migration(version));
    }

    /** A KB at version 0 that failed so often at version 1; {@code retryAfter} null: it is set aside. */
    private void fail(int kb, int failures, String error, @Nullable Duration retryAfter) {
        store.write(
                OnePartition.epochs(config),
                List.of(new KbWrite.Failed(KBS.get(kb), 0, 1, failures, error, retryAfter)));
    }

    /** Another replica announces itself, which knows no migration. */
    private void announceAnother() {
        store.look(new Heartbeat("old", "elsewhere", "0.9", 0, false, DueFilter.BY_THE_CLOCK, false));
    }

    private ReplicaLoop replica() {
        return new ReplicaLoop(config, RunMode.BACKGROUND);
    }

    /** A worker of that replica takes what is due. */
    private void runWorker(ReplicaLoop replica) {
        replica.observer().look();
        LeaseKeeper keeper = new LeaseKeeper(config.storage(), FrozenEnvironment.TTL, environment, () -> false);
        ReplicaServices services = new ReplicaServices(replica.observer(), replica.pool(), keeper);
        HostKbs host = new HostKbs(config.host().knowledgeBoxes(), "replica");
        Environment.Signal signal = environment.newSignal();
        replica.queue().workerStarted(signal);
        new Worker(config, services, replica.queue(), host, signal).run();
    }

    private MigratorStatus statusOf(ReplicaLoop replica) {
        return new FleetReports(config, replica.observer().look()).status(replica);
    }

    /** As a migrator shows it that has not been started. */
    private MigratorStatus status() {
        return new FleetReports(config, replica().observer().look()).status(null);
    }

    private RunReport reportOf(ReplicaLoop replica) {
        return new FleetReports(config, replica.observer().look()).runReport(replica, 90_000_000_000L);
    }

    private DryRun plan() {
        return new FleetReports(config, FleetReports.readState(config)).dryRun(null);
    }

    private void pause() {
        String json =
                Json.object().put("paused", true).put("reason", "busy hours").toString();
        store.compareAndSet(ControlDocument.NAME, 0, json, null);
    }

    private void breakTheHostsList() {
        environment.knowledgeBoxes = new KnowledgeBoxes() {
            @Override
            public Stream<String> ids() {
                throw new IllegalStateException("no connection");
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                return List.of();
            }
        };
        config = configOf(migration(1), migration(2));
    }

    @Test
    void aDryRunCountsAndShowsTheKbsThatARunWouldMigrate() {
        enroll(2);
        store.enroll(KBS.subList(2, 5), 2);
        DryRun plan = plan();
        assertThat(plan.currentVersion()).isZero();
        assertThat(plan.targetVersion()).isEqualTo(2);
        assertThat(plan.stages())
                .singleElement()
                .satisfies(stage -> assertThat(stage.migrations()).containsExactly(info(1), info(2)));
        assertThat(plan.enrolledKbs()).isEqualTo(5);
        assertThat(plan.kbsToMigrate()).isEqualTo(2);
        assertThat(plan.sample()).containsExactlyInAnyOrderElementsOf(KBS.subList(0, 2));
        assertThat(plan.problems()).containsExactly(NEVER_LISTED);
    }

    @Test
    void aDryRunSaysWhatThisBuildDoesNotKnow() {
        plan(info(1), info(2), info(3));
        assertThat(plan().problems())
                .containsExactly(
                        "the fleet's plan goes up to version 3, and this build knows it up to version 2: it runs what"
                                + " it knows and leaves the rest to newer replicas",
                        NEVER_LISTED);
    }

    @Test
    void aDryRunNamesAConflictOnce() {
        plan(new MigrationInfo(1, "other", true, false));
        assertThat(plan().problems())
                .satisfiesExactly(
                        problem -> assertThat(problem).startsWith("version 1 is 0001_other in the fleet's plan"),
                        problem -> assertThat(problem).isEqualTo(NEVER_LISTED));
    }

    @Test
    void theStatusShowsTheVersionsTheCountsAndThePlan() {
        enroll(2);
        store.enroll(KBS.subList(2, 5), 2);
        MigratorStatus status = status();
        assertThat(status.currentVersion()).isZero();
        assertThat(status.targetVersion()).isEqualTo(2);
        assertThat(status.plan()).containsExactly(info(1), info(2));
        assertThat(status.enrolledKbs()).isEqualTo(5);
        assertThat(status.kbsToMigrate()).isEqualTo(2);
        assertThat(status.running()).isEmpty();
        assertThat(status.waitingFor()).isEmpty();
    }

    @Test
    void theStatusShowsTheReplicasAndWhenTheyWereLastSeen() {
        announceAnother();
        environment.pass(Duration.ofSeconds(5));
        MigratorStatus.Replica old = new MigratorStatus.Replica("old", "elsewhere", "0.9", 0, false, Instant.EPOCH);
        assertThat(statusOf(replica()).replicas())
                .contains(old)
                .filteredOn(one -> !one.equals(old))
                .singleElement()
                .satisfies(own -> {
                    assertThat(own.id()).isEqualTo("replica");
                    assertThat(own.newestVersion()).isEqualTo(2);
                    assertThat(own.lastSeen()).isEqualTo(Instant.ofEpochSecond(5));
                });
        assertThat(status().replicas()).as("one that only asks is no replica").containsExactly(old);
    }

    @Test
    void theStatusShowsWhatRunsForHowLongAndItsProgress() {
        ReplicaLoop replica = replica();
        List<MigratorStatus.Running> running = new ArrayList<>();
        environment.pass(Duration.ofSeconds(10));
        ProbeExecution[] own = new ProbeExecution[1];
        own[0] = new ProbeExecution(config, FrozenEnvironment.held(() -> {}), () -> {
            own[0].progress("half of it");
            environment.pass(Duration.ofSeconds(3));
            running.addAll(statusOf(replica).running());
        });
        replica.pool().offer(List.of(own[0]));
        executions.runOne();
        assertThat(running)
                .containsExactly(new MigratorStatus.Running("0001_nothing", "", Duration.ofSeconds(3), "half of it"));
        assertThat(statusOf(replica).running()).as("when it has ended").isEmpty();
    }

    @Test
    void theStatusShowsWhatFailedAndWhenItIsRetried() {
        enroll(3);
        fail(0, 2, "bad data", Duration.ofMinutes(1));
        fail(1, 5, "worse", null);
        MigratorStatus status = status();
        assertThat(status.failureCount()).isEqualTo(2);
        assertThat(status.failures())
                .containsExactlyInAnyOrder(
                        new KbFailure(KBS.get(0), 1, 2, "bad data", Optional.of(Instant.ofEpochSecond(60))),
                        new KbFailure(KBS.get(1), 1, 5, "worse", Optional.empty()));
        assertThat(status.waitingFor())
                .as("what is set aside holds up nobody")
                .containsExactly("1 KBs are failing: they are retried when they are due, and 1 more are set aside");
    }

    @Test
    void aKbThatFailedCountsEvenIfItIsDueAgain() {
        enroll(1);
        fail(0, 1, "bad data", Duration.ZERO);
        assertThat(status().failureCount()).isEqualTo(1);
    }

    @Test
    void withoutFailuresNoPageIsRead() {
        enroll(2);
        assertThat(status().failures()).isEmpty();
        assertThat(store.pages).isZero();
    }

    @Test
    void manyFailuresAreCountedAndAHundredShown() {
        enroll(130);
        for (int kb = 0; kb < 130; kb++) {
            fail(kb, 1, "bad data", Duration.ofMinutes(1));
        }
        store.mostWrites = 30;
        MigratorStatus status = status();
        assertThat(status.failureCount()).isEqualTo(130);
        assertThat(status.failures()).doesNotHaveDuplicates().hasSize(100);
    }

    @Test
    void noMoreIsReadThanIsShown() {
        enroll(130);
        for (int kb = 0; kb < 130; kb++) {
            fail(kb, 1, "bad data", Duration.ofMinutes(1));
        }
        store.mostWrites = 50;
        assertThat(status().failures()).hasSize(100);
        assertThat(store.pages).isEqualTo(2);
    }

    @Test
    void aPausedFleetWaitsForTheOperator() {
        pause();
        assertThat(status().waitingFor()).containsExactly("an operator has paused migrations: busy hours");
    }

    @Test
    void aReplicaThatStandsBySaysWhy() {
        plan(info(1), info(2), info(3));
        assertThat(status().waitingFor())
                .satisfiesExactly(
                        reason -> assertThat(reason).contains("this build knows it up to version 2"),
                        reason -> assertThat(reason)
                                .isEqualTo(
                                        "no live replica knows version 3 of the fleet's plan: start a build that does, or"
                                                + " withdraw them with abandonTarget(reason)"));
    }

    @Test
    void aFullRolloutNamesTheReplicasItWaitsFor() {
        plan(new MigrationInfo(1, "migration", true, false, true), info(2));
        announceAnother();
        assertThat(status().waitingFor()).containsExactly(ROLLOUT);
    }

    @Test
    void aGlobalPartThatFailedIsAReasonToWait() {
        config = configOf(GlobalMigration.of(1, "count", context -> {}));
        plan(new MigrationInfo(1, "count", false, true));
        String record = Json.object()
                .put("failures", 2)
                .put("error", "broken\nby something")
                .put("dueMicros", 3_000_000)
                .toString();
        store.compareAndSet(GlobalPartRecord.documentOf(1), 0, record, null);
        assertThat(status().waitingFor())
                .containsExactly("the global part of 0001_count has failed 2 times, the last time with broken; its next"
                        + " attempt is due at 1970-01-01T00:00:03Z");
    }

    @Test
    void aListThatCannotBeReadIsAReasonToWait() {
        breakTheHostsList();
        ReplicaLoop replica = replica();
        replica.listing().list(replica.observer().look());
        assertThat(statusOf(replica).waitingFor()).containsExactly(BROKEN_LIST);
    }

    @Test
    void tooManyExecutionsThatDoNotStopAreAReasonToWait() {
        ReplicaLoop replica = replica();
        List<String> before = new ArrayList<>();
        List<String> after = new ArrayList<>();
        ProbeExecution deaf = new ProbeExecution(config, FrozenEnvironment.held(() -> {}), () -> {
            before.addAll(statusOf(replica).waitingFor());
            replica.pool().cancelAll(false);
            environment.pass(FrozenEnvironment.TTL);
            new ExecutionWatchdog(replica.pool(), FrozenEnvironment.TTL, environment).check();
            after.addAll(statusOf(replica).waitingFor());
        });
        replica.pool().offer(List.of(deaf));
        executions.runOne();
        assertThat(before).isEmpty();
        assertThat(after)
                .containsExactly(
                        "as many executions as may run at a time do not stop: this replica starts nothing more");
    }

    @Test
    void aRunReportsWhatItDidAndWhatFailed() {
        config = environment.config(store, MemoryLock.create(() -> 0), Runnable::run, migration(1), migration(2));
        enroll(2);
        fail(1, 1, "bad data", Duration.ofMinutes(1));
        store.enroll(KBS.subList(2, 3), 1);
        ReplicaLoop replica = replica();
        // Two versions of the first KB and one of the third
        runWorker(replica);
        replica.new CoordinatorCallbacks().globalPartDone(7);
        replica.new CoordinatorCallbacks().globalPartFailed("broken");
        assertThat(reportOf(replica))
                .isEqualTo(new RunReport(
                        0,
                        2,
                        3,
                        List.of(7L),
                        1,
                        List.of(new KbFailure(KBS.get(1), 1, 1, "bad data", Optional.of(Instant.ofEpochSecond(60)))),
                        Optional.of("broken"),
                        Optional.empty(),
                        Duration.ofSeconds(90)));
    }

    @Test
    void aRunCountsWhatWasSetAsideAmongWhatFailed() {
        enroll(3);
        fail(0, 1, "bad data", Duration.ofMinutes(1));
        fail(1, 5, "worse", null);
        assertThat(reportOf(replica()).failureCount()).isEqualTo(2);
    }

    @Test
    void aRunThatEndedBeforeAFullRolloutSaysSo() {
        plan(new MigrationInfo(1, "migration", true, false, true), info(2));
        announceAnother();
        assertThat(reportOf(replica()).standingBy()).hasValue(ROLLOUT);
    }

    @Test
    void theFirstLineOfTheFirstFailureIsShown() {
        enroll(2);
        fail(0, 1, "bad data\nin line 3", Duration.ofMinutes(1));
        fail(1, 1, "bad data\nin line 3", Duration.ofMinutes(1));
        ReplicaLoop replica = replica();
        RunReport report = reportOf(replica);
        String first = report.failures().get(0).kbId();
        assertThat(new FleetReports(config, replica.observer().look()).whatIsMissing(replica, report))
                .isEqualTo("the fleet is at version 0 of 2: 2 KBs failed, the first: " + first
                        + " at version 1: bad data");
    }

    @Test
    void failuresThatAreFixedMeanwhileAreOnlyCounted() {
        ReplicaLoop replica = replica();
        RunReport report =
                new RunReport(0, 2, 0, List.of(), 4, List.of(), Optional.empty(), Optional.empty(), Duration.ZERO);
        assertThat(new FleetReports(config, replica.observer().look()).whatIsMissing(replica, report))
                .isEqualTo("the fleet is at version 0 of 2: 4 KBs failed");
    }

    @Test
    void everythingThatIsMissingIsSaidAndNothingElse() {
        breakTheHostsList();
        enroll(2);
        ReplicaLoop replica = replica();
        replica.new CoordinatorCallbacks().globalPartFailed("broken");
        replica.listing().list(replica.observer().look());
        runWorker(replica);
        assertThat(new FleetReports(config, replica.observer().look()).whatIsMissing(replica, reportOf(replica)))
                .isEqualTo("the fleet is at version 0 of 2: a global part failed: broken; " + BROKEN_LIST
                        + "; some KBs were left alone, because the host does not have them");
        ReplicaLoop another = replica();
        another.new CoordinatorCallbacks().globalPartFailed("broken");
        assertThat(new FleetReports(config, another.observer().look()).whatIsMissing(another, reportOf(another)))
                .isEqualTo("the fleet is at version 0 of 2: a global part failed: broken");
    }
}
