package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.memory.MemoryLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a migration may ask of its context, and what becomes of an attempt that is told to stop. */
class ExecutionTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks tasks = new FrozenEnvironment.Tasks();
    private final EngineConfig config = newConfig();
    private final ExecutionPool slots = new ExecutionPool(config, () -> {});
    private ProbeExecution body = probe(() -> {});

    private EngineConfig newConfig() {
        environment.attemptTimeout = Duration.ofSeconds(10);
        environment.services = new Services(Map.of(String.class, "the host's"));
        return environment.config(
                FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), tasks, ProbeExecution.NOTHING);
    }

    private ProbeExecution probe(ProbeExecution.Call call) {
        return new ProbeExecution(config, FrozenEnvironment.held(() -> {}), call);
    }

    private void run(ProbeExecution.Call call) {
        body = probe(call);
        slots.offer(List.of(body));
        tasks.runOne();
    }

    private Throwable failure() {
        return ((Failed) body.outcome()).error();
    }

    private void cancelAndInterrupt(Cancellation reason) {
        slots.cancel(one -> true, reason, true);
    }

    @Test
    void aServiceIsTheHostsOwnAndOneThatIsNotThereIsSaidToBeMissing() {
        assertThat(body.service(String.class)).isEqualTo("the host's");
        assertThatThrownBy(() -> body.service(StringBuilder.class)).hasMessageContaining("StringBuilder");
    }

    @ParameterizedTest
    @CsvSource({"LOST,it is held", "CLOSING,this replica closes", "TIMEOUT,for too long", "GONE,not enrolled any more"})
    void whoIsCancelledIsToldWhyAndSavesNothingMore(Cancellation reason, String why) {
        assertThat(body.isCancelled()).isFalse();
        body.checkCancelled();
        body.cancel(reason);
        assertThat(body.isCancelled()).isTrue();
        assertThatThrownBy(body::checkCancelled)
                .isInstanceOf(MigrationCancelledException.class)
                .hasMessageContaining("was cancelled: ")
                .hasMessageEndingWith(why);
        assertThatThrownBy(() -> body.saveCheckpoint(1)).isInstanceOf(MigrationCancelledException.class);
        assertThat(body.checkpoints).isEmpty();
    }

    @Test
    void whoIsCancelledWhileItSavesIsToldRightAfter() {
        body.whileSaving = () -> body.cancel(Cancellation.CLOSING);
        assertThatThrownBy(() -> body.saveCheckpoint(1)).isInstanceOf(MigrationCancelledException.class);
        assertThat(body.lastCheckpoint(Integer.class)).as("it is saved").hasValue(1);
    }

    @Test
    void aCheckpointIsReadWithoutASlotToo() {
        body.checkpoints.add("5");
        assertThat(body.lastCheckpoint(Integer.class)).hasValue(5);
    }

    @Test
    void aThreadOfTheMigrationsOwnReadsACheckpoint() {
        List<Integer> read = new ArrayList<>();
        run(() -> {
            body.checkpoints.add("5");
            read.add(CompletableFuture.supplyAsync(
                            () -> body.lastCheckpoint(Integer.class).orElseThrow())
                    .join());
        });
        assertThat(read).containsExactly(5);
    }

    @Test
    void anInterruptWaitsUntilTheCheckpointIsSaved() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            body.whileSaving = () -> {
                cancelAndInterrupt(Cancellation.TIMEOUT);
                interrupted.add(Thread.currentThread().isInterrupted());
            };
            try {
                body.saveCheckpoint(1);
            } finally {
                interrupted.add(Thread.currentThread().isInterrupted());
            }
        });
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void anInterruptFromBeforeIsThereAfterACheckpointAndNotWhileItIsSaved() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            body.whileSaving = () -> interrupted.add(Thread.currentThread().isInterrupted());
            body.saveCheckpoint(1);
            interrupted.add(Thread.currentThread().isInterrupted());
            Thread.currentThread().interrupt();
            body.saveCheckpoint(2);
            interrupted.add(Thread.currentThread().isInterrupted());
        });
        assertThat(interrupted).containsExactly(false, false, false, true);
    }

    @Test
    void anInterruptOutlivesAStoreThatFails() {
        List<Boolean> interrupted = new ArrayList<>();
        run(() -> {
            for (boolean told : new boolean[] {false, true}) {
                body.whileSaving = () -> {
                    if (told) {
                        cancelAndInterrupt(Cancellation.TIMEOUT);
                    }
                    throw new IllegalStateException("the store is down");
                };
                assertThatThrownBy(() -> body.saveCheckpoint(1)).hasMessage("the store is down");
                interrupted.add(Thread.currentThread().isInterrupted());
            }
            body.whileSaving = () -> {};
            Thread.interrupted();
        });
        assertThat(interrupted).containsExactly(false, true);
    }

    @Test
    void whoStopsAtItsTimeLimitHasFailedWithWhatItThrew() {
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

    @Test
    void whoDoesNotStopAtItsTimeLimitHasFailedWithoutACause() {
        run(() -> {
            cancelAndInterrupt(Cancellation.TIMEOUT);
            ExecutionThread slot = slots.busy().get(0);
            slots.giveUp(slot, Objects.requireNonNull(slot.current()));
        });
        assertThat(failure()).hasNoCause().hasMessageContaining("and did not stop");
    }

    @Test
    void whoHasCommittedIsDoneThoughItIsGivenUp() {
        body.committed();
        body.cancel(Cancellation.CLOSING);
        body.giveUp();
        assertThat(body.outcome()).isInstanceOf(Done.class);
        assertThat(body.returns).hasValue(1);
    }

    @Test
    void whoHasCommittedIsDoneThoughItThrows() {
        run(() -> {
            body.committed();
            throw new IllegalStateException("too late");
        });
        assertThat(body.outcome()).isInstanceOf(Done.class);
    }
}
