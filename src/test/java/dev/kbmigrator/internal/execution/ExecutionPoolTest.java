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

/** ExecutionPool of a replica that runs one KB at a time. */
class ExecutionPoolTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks tasks = new FrozenEnvironment.Tasks();
    private final AtomicInteger dry = new AtomicInteger();
    private boolean rejecting;
    private final EngineConfig config = environment.config(
            FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), executor(), ProbeExecution.NOTHING);
    private final ExecutionPool slots = new ExecutionPool(config, dry::incrementAndGet);
    private final HeldScope held = FrozenEnvironment.held(() -> {});

    private Executor executor() {
        return task -> {
            if (rejecting) {
                throw new IllegalStateException("full");
            }
            tasks.execute(task);
        };
    }

    private ProbeExecution body(ProbeExecution.Call call) {
        return new ProbeExecution(config, held, call);
    }

    private ProbeExecution body() {
        return body(() -> {});
    }

    private ExecutionThread busy() {
        assertThat(slots.busy()).hasSize(1);
        return slots.busy().get(0);
    }

    private void giveUpWhatRuns() {
        slots.giveUp(busy(), Objects.requireNonNull(busy().current()));
    }

    @Test
    void oneThreadRunsAllThatIsQueuedAndSaysOnceThatItRanDry() {
        List<ProbeExecution> bodies = List.of(body(), body(), body());
        slots.offer(bodies);
        assertThat(slots.backlog()).isEqualTo(3);
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        assertThat(bodies).allSatisfy(body -> assertThat(body.outcome()).isInstanceOf(Done.class));
        assertThat(dry).hasValue(1);
        assertThat(slots.backlog()).isZero();
        assertThat(slots.busy()).isEmpty();
    }

    @Test
    void aBodySaysHowLongItRan() {
        environment.pass(Duration.ofSeconds(10));
        List<Long> startedAt = new ArrayList<>();
        ProbeExecution body = body(() -> {
            environment.pass(Duration.ofSeconds(5));
            startedAt.add(busy().startedAt());
        });
        slots.offer(List.of(body));
        tasks.runOne();
        assertThat(startedAt).containsExactly(Duration.ofSeconds(10).toNanos());
        assertThat(Duration.ofNanos(body.ranFor())).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void aSlotBetweenTwoBodiesIsNotBusy() {
        List<Integer> busy = new ArrayList<>();
        ExecutionPool[] own = new ExecutionPool[1];
        own[0] = new ExecutionPool(config, () -> busy.add(own[0].busy().size()));
        own[0].offer(List.of(body()));
        tasks.runOne();
        assertThat(busy).containsExactly(0);
    }

    @Test
    void whatWaitsBehindABodyThatIsGivenUpComesBackAtOnceWhenThereIsNoOtherSlot() {
        ProbeExecution waiting = body();
        List<Boolean> back = new ArrayList<>();
        ProbeExecution deaf = body(() -> {
            back.add(waiting.isSettled());
            giveUpWhatRuns();
            back.add(waiting.isSettled());
        });
        slots.offer(List.of(deaf, waiting));
        tasks.runOne();
        assertThat(back).containsExactly(false, true);
        assertThat(waiting.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void noMoreThreadsAreAskedForThanThereAreSlots() {
        slots.offer(List.of(body()));
        slots.offer(List.of(body()));
        slots.offer(List.of());
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        List<Integer> whileOneRuns = new ArrayList<>();
        slots.offer(List.of(body(() -> {
            slots.offer(List.of(body()));
            whileOneRuns.add(tasks.size());
        })));
        assertThat(tasks.size()).isEqualTo(1);
        tasks.runOne();
        assertThat(whileOneRuns).containsExactly(0);
    }

    @Test
    void whileClosingOrPausedNothingIsStarted() {
        slots.pause(true);
        ProbeExecution paused = body();
        slots.offer(List.of(paused));
        tasks.runOne();
        assertThat(paused.outcome()).isInstanceOf(Cancelled.class);
        assertThat(paused.cancellation()).isEqualTo(Cancellation.CLOSING);

        slots.pause(false);
        ProbeExecution resumed = body();
        slots.offer(List.of(resumed));
        tasks.runOne();
        assertThat(resumed.outcome()).isInstanceOf(Done.class);

        slots.close();
        ProbeExecution closed = body();
        slots.offer(List.of(closed));
        tasks.runOne();
        assertThat(closed.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void nothingStartsUnderALeaseWhoseDeadlineHasPassed() {
        environment.pass(FrozenEnvironment.TTL);
        ProbeExecution body = body();
        slots.offer(List.of(body));
        tasks.runOne();
        assertThat(body.cancellation()).isEqualTo(Cancellation.LOST);
        assertThat(body.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void aBodyThatIsGivenUpIsReplacedAndComesBackOnce() {
        ProbeExecution next = body();
        List<Boolean> exhausted = new ArrayList<>();
        ProbeExecution stuck = body(() -> {
            giveUpWhatRuns();
            exhausted.add(slots.isExhausted());
            slots.offer(List.of(next));
        });
        slots.offer(List.of(stuck));
        tasks.runOne();
        assertThat(exhausted).containsExactly(true);
        assertThat(stuck.returns).hasValue(1);
        assertThat(stuck.outcome()).isInstanceOf(Cancelled.class);
        assertThat(next.outcome()).isInstanceOf(Cancelled.class);
        assertThat(slots.isExhausted()).as("it has returned after all").isFalse();
        ProbeExecution last = body();
        slots.offer(List.of(last));
        tasks.runOne();
        assertThat(last.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void onlyWhatRunsCanBeGivenUp() {
        ProbeExecution ended = body();
        List<ExecutionThread> seen = new ArrayList<>();
        ProbeExecution running = body(() -> {
            seen.add(busy());
            slots.giveUp(busy(), ended);
            assertThat(slots.isExhausted()).isFalse();
        });
        slots.offer(List.of(running));
        tasks.runOne();
        slots.giveUp(seen.get(0), running);
        assertThat(running.outcome()).isInstanceOf(Done.class);
        assertThat(slots.isExhausted()).isFalse();
    }

    @Test
    void anExtraBodyRunsBesidesTheOthersAndCountsAsBusyUntilItReturns() {
        List<ExecutionThread> seen = new ArrayList<>();
        ProbeExecution extra = body(() -> seen.add(busy()));
        slots.runExtra(extra);
        assertThat(slots.backlog()).isZero();
        tasks.runOne();
        assertThat(extra.outcome()).isInstanceOf(Done.class);
        assertThat(seen).hasSize(1);
        assertThat(slots.busy()).isEmpty();
    }

    @Test
    void anExtraBodyThatIsGivenUpIsNotBusyAnyMore() {
        List<ExecutionThread> busy = new ArrayList<>();
        List<Boolean> exhausted = new ArrayList<>();
        ProbeExecution extra = body(() -> {
            giveUpWhatRuns();
            busy.addAll(slots.busy());
            exhausted.add(slots.isExhausted());
        });
        slots.runExtra(extra);
        tasks.runOne();
        assertThat(busy).isEmpty();
        assertThat(exhausted).containsExactly(false);
        assertThat(extra.returns).hasValue(1);
        assertThat(extra.outcome()).isInstanceOf(Cancelled.class);
    }

    @Test
    void anExecutorThatTakesNothingIsReportedAndWhatWaitsComesBackAsNotStarted() {
        rejecting = true;
        ProbeExecution body = body();
        assertThatThrownBy(() -> slots.offer(List.of(body)))
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("full");
        assertThat(body.outcome()).isInstanceOf(Cancelled.class);
        assertThat(body.cancellation()).isEqualTo(Cancellation.CLOSING);
        assertThat(slots.backlog()).isZero();

        environment.pass(Duration.ofSeconds(5));
        assertThatThrownBy(() -> slots.runExtra(body())).isInstanceOf(RejectedExecutionException.class);
        ExecutionPool.Rejection rejection = Objects.requireNonNull(slots.rejection());
        assertThat(rejection.since()).as("since the first time").isZero();
        assertThat(rejection.error()).hasMessage("full");

        rejecting = false;
        ProbeExecution next = body();
        slots.offer(List.of(next));
        tasks.runOne();
        assertThat(slots.rejection()).isNull();
        assertThat(next.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void anExtraBodyThatRunsShowsThatTheExecutorTakesSomethingAgain() {
        rejecting = true;
        assertThatThrownBy(() -> slots.runExtra(body())).isInstanceOf(RejectedExecutionException.class);
        rejecting = false;
        slots.runExtra(body());
        tasks.runOne();
        assertThat(slots.rejection()).isNull();
    }

    @Test
    void whatIsCancelledMeetsTheConditionAndIsInterruptedIfAskedFor() {
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution body = body(() -> {
            slots.cancel(one -> false, Cancellation.LOST, true);
            interrupted.add(Thread.interrupted());
            slots.cancel(one -> true, Cancellation.LOST, false);
            interrupted.add(Thread.interrupted());
            slots.cancel(one -> true, Cancellation.CLOSING, true);
            interrupted.add(Thread.interrupted());
        });
        slots.offer(List.of(body));
        tasks.runOne();
        assertThat(interrupted).containsExactly(false, false, true);
        assertThat(body.cancellation()).as("the first reason stays").isEqualTo(Cancellation.LOST);
    }

    @Test
    void anInterruptDoesNotOutliveTheBodyThatItWasMeantFor() {
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution first = body(() -> Thread.currentThread().interrupt());
        ProbeExecution second =
                body(() -> interrupted.add(Thread.currentThread().isInterrupted()));
        slots.offer(List.of(first, second));
        tasks.runOne();
        assertThat(interrupted).containsExactly(false);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aCallToTheStoreIsNotInterruptedButWhatFollowsIs() {
        List<Boolean> interrupted = new ArrayList<>();
        ProbeExecution body = body(() -> {
            ExecutionThread slot = busy();
            Thread.currentThread().interrupt();
            slot.shielded(() -> interrupted.add(Thread.currentThread().isInterrupted()));
            interrupted.add(Thread.interrupted());
            slot.shielded(() -> {
                slots.cancel(one -> true, Cancellation.LOST, true);
                interrupted.add(Thread.currentThread().isInterrupted());
                return null;
            });
            interrupted.add(Thread.interrupted());
        });
        slots.offer(List.of(body));
        tasks.runOne();
        assertThat(interrupted).containsExactly(false, true, false, true);
    }

    @Test
    void anErrorIsAFailureUnlessTheBodyWasToldToStop() {
        ProbeExecution failing = body(() -> {
            throw new IllegalStateException("broken");
        });
        ProbeExecution cancelled = body(() -> {
            slots.cancel(one -> true, Cancellation.LOST, false);
            throw new IllegalStateException("stopped");
        });
        slots.offer(List.of(failing, cancelled));
        tasks.runOne();
        assertThat(failing.outcome())
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.error()).hasMessage("broken"));
        assertThat(cancelled.outcome()).isInstanceOf(Cancelled.class);
    }
}
