package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.KbRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a migration can do with its context, and what becomes of an attempt that is told to stop. */
class ExecutionTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks tasks = new FrozenEnvironment.Tasks();
    private final EngineConfig config = newConfig();
    private final ExecutionPool pool = new ExecutionPool(tasks, 1, environment, () -> {});
    private ProbeExecution execution = probe(() -> {});

    private EngineConfig newConfig() {
        environment.services = new Services(Map.of(String.class, "the host's"));
        return environment.config(
                FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), tasks, ProbeExecution.NOTHING);
    }

    private ProbeExecution probe(ProbeExecution.Call call) {
        return new ProbeExecution(config, FrozenEnvironment.held(() -> {}), Duration.ofSeconds(10), call);
    }

    private void run(ProbeExecution.Call call) {
        execution = probe(call);
        pool.offer(List.of(execution));
        tasks.runOne();
    }

    private Throwable failure() {
        return ((Failed) execution.outcome()).error().error();
    }

    private void cancelAndInterrupt(Cancellation reason) {
        execution.cancel(reason);
        pool.busy().get(0).interrupt(execution);
    }

    @Test
    void aServiceIsTheHostsOwnAndAMissingOneIsNamed() {
        assertThat(execution.service(String.class)).isEqualTo("the host's");
        assertThatThrownBy(() -> execution.service(StringBuilder.class)).hasMessageContaining("StringBuilder");
    }

    @Test
    void itSaysWhatItIsAbout() {
        assertThat(execution.name()).isEqualTo("nothing");
        assertThat(execution.version()).isEqualTo(1);
        assertThat(execution.fencingToken())
                .isEqualTo(execution.epoch().number())
                .isPositive();
        execution.progress("half of it");
        assertThat(execution.progress()).isEqualTo("half of it");
    }

    @Test
    void itsOwnLastCheckpointIsReadWithoutTheStore() {
        run(() -> execution.saveCheckpoint("a"));
        execution.checkpoints.clear();
        assertThat(execution.lastCheckpoint(String.class)).hasValue("a");
    }

    @Test
    void aCheckpointMayHave64Kib() {
        String most = "x".repeat(KbRecord.MAX_CHECKPOINT_BYTES - 2);
        assertThat(execution.checkpointJson(most)).hasSize(KbRecord.MAX_CHECKPOINT_BYTES);
        assertThatThrownBy(() -> execution.checkpointJson(most + "x")).isInstanceOf(CheckpointException.class);
    }

    @ParameterizedTest
    @CsvSource({"LOST,it is held", "CLOSING,this replica is closing", "TIMEOUT,for too long", "GONE,no longer enrolled"
    })
    void aCancelledExecutionLearnsWhyAndSavesNothingMore(Cancellation reason, String why) {
        assertThat(execution.isCancelled()).isFalse();
        execution.checkCancelled();
        execution.cancel(reason);
        assertThat(execution.isCancelled()).isTrue();
        assertThatThrownBy(execution::checkCancelled)
                .isInstanceOf(MigrationCancelledException.class)
                .hasMessageContaining("was cancelled: ")
                .hasMessageEndingWith(why);
        assertThatThrownBy(() -> execution.saveCheckpoint(1)).isInstanceOf(MigrationCancelledException.class);
        assertThat(execution.checkpoints).isEmpty();
    }

    @Test
    void oneThatIsCancelledWhileItSavesIsToldRightAfter() {
        execution.whileSaving = () -> execution.cancel(Cancellation.CLOSING);
        assertThatThrownBy(() -> execution.saveCheckpoint(1)).isInstanceOf(MigrationCancelledException.class);
        assertThat(execution.lastCheckpoint(Integer.class)).as("it is saved").hasValue(1);
    }

    @Test
    void aCheckpointCanBeReadBeforeTheExecutionRuns() {
        execution.checkpoints.add("5");
        assertThat(execution.lastCheckpoint(Integer.class)).hasValue(5);
    }

    @Test
    void aThreadOfTheMigrationsOwnReadsACheckpoint() {
        List<Integer> read = new ArrayList<>();
        run(() -> {
            execution.checkpoints.add("5");
            read.add(CompletableFuture.supplyAsync(
                            () -> execution.lastCheckpoint(Integer.class).orElseThrow())
                    .join());
        });
        assertThat(read).containsExactly(5);
    }

    @Test
    void anInterruptWaitsUntilTheCheckpointIsSaved() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            execution.whileSaving = () -> {
                cancelAndInterrupt(Cancellation.TIMEOUT);
                interrupted.add(Thread.currentThread().isInterrupted());
            };
            try {
                execution.saveCheckpoint(1);
            } finally {
                interrupted.add(Thread.currentThread().isInterrupted());
            }
        });
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anEarlierInterruptIsHiddenOnlyWhileACheckpointIsSaved() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            execution.whileSaving = () -> interrupted.add(Thread.currentThread().isInterrupted());
            execution.saveCheckpoint(1);
            interrupted.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
            execution.saveCheckpoint(2);
            interrupted.add(Thread.currentThread().isInterrupted());
        });
        assertThat(interrupted).containsExactly(false, false, false, true);
    }

    @Test
    void anInterruptSurvivesAStoreThatFails() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            for (boolean told : new boolean[] {false, true}) {
                execution.whileSaving = () -> {
                    if (told) {
                        cancelAndInterrupt(Cancellation.TIMEOUT);
                    }
                    throw new IllegalStateException("the store is down");
                };
                assertThatThrownBy(() -> execution.saveCheckpoint(1)).hasMessage("the store is down");
                interrupted.add(Thread.currentThread().isInterrupted());
            }
            execution.whileSaving = () -> {};
            Thread.interrupted();
        });
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void oneThatStopsAtItsTimeLimitFailsWithWhatItThrew() {
        IllegalStateException thrown = new IllegalStateException("stopped");
        run(() -> {
            cancelAndInterrupt(Cancellation.TIMEOUT);
            throw thrown;
        });
        assertThat(failure())
                .hasCause(thrown)
                .hasMessageContaining("time limit")
                .hasMessageNotContaining("did not stop");
    }

    /** What a part may do that could tell it that it is to stop, after which it returns normally. */
    private List<ProbeExecution.Call> waysToNotice() {
        return List.of(
                () -> assertThat(execution.isCancelled()).isTrue(),
                () -> assertThatThrownBy(execution::checkCancelled).isInstanceOf(MigrationCancelledException.class),
                () -> assertThatThrownBy(() -> execution.saveCheckpoint(1))
                        .isInstanceOf(MigrationCancelledException.class),
                () -> pool.busy().get(0).interrupt(execution));
    }

    @ParameterizedTest
    @EnumSource(Cancellation.class)
    void oneThatReturnsAfterItCouldNoticeIsNotDone(Cancellation reason) {
        for (ProbeExecution.Call notice : waysToNotice()) {
            run(() -> {
                execution.cancel(reason);
                notice.run();
            });
            if (reason == Cancellation.TIMEOUT) {
                assertThat(failure())
                        .hasMessageContaining("time limit of PT10S")
                        .hasMessageContaining("does not count");
            } else {
                assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Cancellation.class)
    void oneThatReturnsWithoutHavingLookedIsDone(Cancellation reason) {
        run(() -> {
            assertThat(execution.isCancelled()).isFalse();
            execution.checkCancelled();
            execution.saveCheckpoint(1);
            execution.cancel(reason);
            execution.checkMayCommit();
            execution.progress("no question");
            assertThat(execution.lastCheckpoint(Integer.class)).hasValue(1);
        });
        assertThat(execution.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void oneThatIsCancelledWhileItsCheckpointIsSavedAndGoesOnIsNotDone() {
        run(() -> {
            execution.whileSaving = () -> execution.cancel(Cancellation.CLOSING);
            assertThatThrownBy(() -> execution.saveCheckpoint(1)).isInstanceOf(MigrationCancelledException.class);
        });
        assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void oneThatANoticeInAThreadOfItsOwnHasReachedIsNotDone() {
        run(() -> {
            execution.cancel(Cancellation.CLOSING);
            assertThat(CompletableFuture.supplyAsync(execution::isCancelled).join())
                    .isTrue();
        });
        assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void oneThatCouldNoticeMustNotCommit() {
        execution.checkMayCommit();
        execution.cancel(Cancellation.CLOSING);
        execution.checkMayCommit();
        assertThat(execution.isCancelled()).isTrue();
        assertThatThrownBy(execution::checkMayCommit)
                .isInstanceOf(MigrationCancelledException.class)
                .hasMessageContaining("this replica is closing");
    }

    @Test
    void oneThatHasCommittedIsDoneAlthoughItCouldNotice() {
        run(() -> {
            execution.cancel(Cancellation.CLOSING);
            assertThat(execution.isCancelled()).isTrue();
            execution.committed();
        });
        assertThat(execution.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void oneThatDoesNotStopAtItsTimeLimitFailsWithoutACause() {
        run(() -> {
            cancelAndInterrupt(Cancellation.TIMEOUT);
            pool.abandon(pool.busy().get(0), execution);
        });
        assertThat(failure()).hasNoCause().hasMessageContaining("and did not stop");
    }

    @Test
    void oneThatHasCommittedIsDoneAlthoughItIsAbandoned() {
        execution.committed();
        execution.cancel(Cancellation.CLOSING);
        execution.abandon();
        assertThat(execution.outcome()).isInstanceOf(Done.class);
        assertThat(execution.returns).hasValue(1);
    }

    @Test
    void oneThatHasCommittedIsDoneAlthoughItThrows() {
        run(() -> {
            execution.committed();
            throw new IllegalStateException("too late");
        });
        assertThat(execution.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void anOutcomeExistsOnlyOnceItHasFinished() {
        assertThat(execution.isSettled()).isFalse();
        assertThatThrownBy(execution::outcome)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has not finished");
        execution.abandon();
        assertThat(execution.isSettled()).isTrue();
        assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void anAbandonedExecutionIsReturnedOnceAlthoughItReturns() {
        run(() -> {
            pool.abandon(pool.busy().get(0), execution);
            environment.pass(Duration.ofSeconds(1));
        });
        assertThat(execution.outcome())
                .as("what the part did afterwards counts for nothing")
                .isInstanceOf(Cancelled.class);
        assertThat(execution.returns).hasValue(1);
    }

    @Test
    void theTimeSinceItWasToldToStopCountsFromTheFirstTime() {
        Execution cancelled = execution;
        assertThat(cancelled.cancelledFor(environment.nanoTime())).isZero();
        environment.pass(Duration.ofSeconds(1));
        execution.cancel(Cancellation.LOST);
        environment.pass(Duration.ofSeconds(2));
        execution.cancel(Cancellation.CLOSING);
        assertThat(execution.cancellation()).as("the first reason stays").isEqualTo(Cancellation.LOST);
        assertThat(Duration.ofNanos(cancelled.cancelledFor(environment.nanoTime())))
                .isEqualTo(Duration.ofSeconds(2));
    }
}
