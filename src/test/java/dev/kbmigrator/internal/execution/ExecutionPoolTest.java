package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.memory.MemoryLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The pool of a replica that runs one KB at a time. */
class ExecutionPoolTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks tasks = new FrozenEnvironment.Tasks();
    private final AtomicInteger emptied = new AtomicInteger();
    private boolean rejecting;
    private final EngineConfig config = environment.config(
            FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), executor(), ProbeExecution.NOTHING);
    private final ExecutionPool pool = newPool(emptied::incrementAndGet);
    private final HeldScope held = FrozenEnvironment.held(() -> {});

    private Executor executor() {
        return task -> {
            if (rejecting) {
                throw new IllegalStateException("full");
            }
            tasks.execute(task);
        };
    }

    private ExecutionPool newPool(Runnable onQueueEmpty) {
        return new ExecutionPool(config.host().executor(), 1, environment, onQueueEmpty);
    }

    private ProbeExecution execution(ProbeExecution.Call call) {
        return new ProbeExecution(config, held, call);
    }

    private ProbeExecution execution() {
        return execution(() -> {});
    }

    private ExecutionThread busy() {
        assertThat(pool.busy()).hasSize(1);
        return pool.busy().get(0);
    }

    private void abandonWhatRuns() {
        pool.abandon(busy(), Objects.requireNonNull(busy().current()));
    }

    @Test
    void oneThreadRunsAllThatIsQueuedAndTellsOnceThatItIsEmpty() {
        List<ProbeExecution> executions = List.of(execution(), execution(), execution());
        pool.offer(executions);
        assertThat(pool.backlog()).isEqualTo(3);
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        assertThat(executions)
                .allSatisfy(execution -> assertThat(execution.outcome()).isInstanceOf(Done.class));
        assertThat(emptied).hasValue(1);
        assertThat(pool.backlog()).isZero();
        assertThat(pool.busy()).isEmpty();
    }

    @Test
    void aThreadBetweenTwoExecutionsIsNotBusy() {
        List<Integer> busy = new ArrayList<>();
        ExecutionPool[] own = new ExecutionPool[1];
        own[0] = newPool(() -> busy.add(own[0].busy().size()));
        own[0].offer(List.of(execution()));
        tasks.runOne();
        assertThat(busy).containsExactly(0);
    }

    @Test
    void whatWaitsBehindAnAbandonedExecutionIsReturnedAtOnce() {
        ProbeExecution waiting = execution();
        List<Boolean> back = new ArrayList<>();
        ProbeExecution deaf = execution(() -> {
            back.add(waiting.isSettled());
            abandonWhatRuns();
            back.add(waiting.isSettled());
        });
        pool.offer(List.of(deaf, waiting));
        tasks.runOne();
        assertThat(back).containsExactly(false, true);
        assertThat(waiting.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void noMoreThreadsAreStartedThanThePoolHas() {
        pool.offer(List.of(execution()));
        pool.offer(List.of(execution()));
        pool.offer(List.of());
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        List<Integer> whileOneRuns = new ArrayList<>();
        pool.offer(List.of(execution(() -> {
            pool.offer(List.of(execution()));
            whileOneRuns.add(tasks.size());
        })));
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        assertThat(whileOneRuns).containsExactly(0);
    }

    @Test
    void whileClosingOrPausedNothingIsStarted() {
        pool.pause(true);
        ProbeExecution paused = execution();
        pool.offer(List.of(paused));
        tasks.runOne();
        assertThat(paused.outcome()).isInstanceOf(Cancelled.class);
        assertThat(paused.cancellation()).isEqualTo(Cancellation.CLOSING);

        pool.pause(false);
        ProbeExecution resumed = execution();
        pool.offer(List.of(resumed));
        tasks.runOne();
        assertThat(resumed.outcome()).isInstanceOf(Done.class);

        pool.close();
        ProbeExecution closed = execution();
        pool.offer(List.of(closed));
        tasks.runOne();
        assertThat(closed.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void anAbandonedExecutionIsReturnedOnceAndItsThreadReplaced() {
        ProbeExecution next = execution();
        List<Boolean> exhausted = new ArrayList<>();
        ProbeExecution stuck = execution(() -> {
            abandonWhatRuns();
            exhausted.add(pool.isExhausted());
            pool.offer(List.of(next));
        });
        pool.offer(List.of(stuck));
        tasks.runOne();
        assertThat(exhausted).containsExactly(true);
        assertThat(stuck.returns).hasValue(1);
        assertThat(stuck.outcome()).isInstanceOf(Cancelled.class);
        assertThat(next.outcome()).isInstanceOf(Cancelled.class);
        assertThat(pool.isExhausted()).as("it has returned after all").isFalse();
        ProbeExecution last = execution();
        pool.offer(List.of(last));
        tasks.runOne();
        assertThat(last.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void onlyWhatRunsCanBeAbandoned() {
        ProbeExecution ended = execution();
        List<ExecutionThread> seen = new ArrayList<>();
        ProbeExecution running = execution(() -> {
            seen.add(busy());
            pool.abandon(busy(), ended);
            assertThat(pool.isExhausted()).isFalse();
        });
        pool.offer(List.of(running));
        tasks.runOne();
        pool.abandon(seen.get(0), running);
        assertThat(running.outcome()).isInstanceOf(Done.class);
        assertThat(pool.isExhausted()).isFalse();
    }

    @Test
    void anExtraExecutionIsBusyUntilItReturns() {
        List<ExecutionThread> seen = new ArrayList<>();
        ProbeExecution extra = execution(() -> seen.add(busy()));
        pool.runExtra(extra);
        assertThat(pool.backlog()).isZero();
        tasks.runOne();
        assertThat(extra.outcome()).isInstanceOf(Done.class);
        assertThat(seen).hasSize(1);
        assertThat(pool.busy()).isEmpty();
    }

    @Test
    void anExtraExecutionThatIsAbandonedIsNoLongerBusy() {
        List<ExecutionThread> busy = new ArrayList<>();
        List<Boolean> exhausted = new ArrayList<>();
        ProbeExecution extra = execution(() -> {
            abandonWhatRuns();
            busy.addAll(pool.busy());
            exhausted.add(pool.isExhausted());
        });
        pool.runExtra(extra);
        tasks.runOne();
        assertThat(busy).isEmpty();
        assertThat(exhausted).containsExactly(false);
        assertThat(extra.returns).hasValue(1);
        assertThat(extra.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void whenTheExecutorRejectsTasksWhatWaitsIsReturned() {
        rejecting = true;
        ProbeExecution execution = execution();
        assertThatThrownBy(() -> pool.offer(List.of(execution)))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("full");
        assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
        assertThat(execution.cancellation()).isEqualTo(Cancellation.CLOSING);
        assertThat(pool.backlog()).isZero();

        environment.pass(Duration.ofSeconds(5));
        assertThatThrownBy(() -> pool.runExtra(execution())).isInstanceOf(RejectedExecutionException.class);
        ExecutionPool.Rejection rejection = Objects.requireNonNull(pool.rejection());
        assertThat(rejection.since()).as("since the first time").isZero();
        assertThat(rejection.error()).hasMessage("full");

        rejecting = false;
        ProbeExecution next = execution();
        pool.offer(List.of(next));
        tasks.runOne();
        assertThat(pool.rejection()).isNull();
        assertThat(next.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void anExtraExecutionThatRunsEndsTheRejection() {
        rejecting = true;
        assertThatThrownBy(() -> pool.runExtra(execution())).isInstanceOf(RejectedExecutionException.class);
        rejecting = false;
        pool.runExtra(execution());
        tasks.runOne();
        assertThat(pool.rejection()).isNull();
    }

    @Test
    void aLostScopeCancelsAndInterruptsWhatRunsUnderIt() {
        List<Boolean> interrupted = new ArrayList<>();
        List<Boolean> cancelled = new ArrayList<>();
        HeldScope other = FrozenEnvironment.held(() -> {});
        ProbeExecution[] running = new ProbeExecution[1];
        running[0] = execution(() -> {
            for (HeldScope lost : List.of(other, held)) {
                pool.cancelUnder(lost);
                interrupted.add(Thread.interrupted());
                cancelled.add(running[0].isCancelled());
            }
        });
        pool.offer(List.of(running[0]));
        tasks.runOne();
        assertThat(interrupted).containsExactly(false, true);
        assertThat(cancelled).containsExactly(false, true);
        assertThat(running[0].cancellation()).isEqualTo(Cancellation.LOST);
    }

    @Test
    void closingCancelsWhatRunsAndInterruptsItIfAskedTo() {
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution execution = execution(() -> {
            pool.cancelAll(false);
            interrupted.add(Thread.interrupted());
            pool.cancelAll(true);
            interrupted.add(Thread.interrupted());
            pool.cancelUnder(held);
        });
        pool.offer(List.of(execution));
        tasks.runOne();
        assertThat(interrupted).containsExactly(false, true);
        assertThat(execution.cancellation()).as("the first reason stays").isEqualTo(Cancellation.CLOSING);
    }

    @Test
    void whatWaitsIsNotCancelledWithWhatRuns() {
        ProbeExecution waiting = execution();
        pool.offer(List.of(execution(() -> pool.cancelAll(true)), waiting));
        tasks.runOne();
        assertThat(waiting.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void anExtraExecutionIsCancelledLikeTheOthers() {
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution extra = execution(() -> {
            pool.cancelUnder(held);
            interrupted.add(Thread.interrupted());
        });
        pool.runExtra(extra);
        tasks.runOne();
        assertThat(interrupted).containsExactly(true);
        assertThat(extra.cancellation()).isEqualTo(Cancellation.LOST);
    }

    @Test
    void anErrorIsAFailureUnlessTheExecutionWasToldToStop() {
        ProbeExecution failing = execution(() -> {
            throw new IllegalStateException("broken");
        });
        ProbeExecution cancelled = execution(() -> {
            pool.cancelUnder(held);
            throw new IllegalStateException("stopped");
        });
        pool.offer(List.of(failing, cancelled));
        tasks.runOne();
        assertThat(failing.outcome())
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.error().error()).hasMessage("broken"));
        assertThat(cancelled.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void theSizeIsThatOfTheConfiguration() {
        assertThat(pool.size()).isEqualTo(1);
        List<Integer> started = new ArrayList<>();
        ExecutionPool two = new ExecutionPool(config.host().executor(), 2, environment, () -> {});
        assertThat(two.size()).isEqualTo(2);
        two.offer(List.of(execution(), execution(), execution()));
        started.add(tasks.size());
        assertThat(started).containsExactly(2);
    }
}
