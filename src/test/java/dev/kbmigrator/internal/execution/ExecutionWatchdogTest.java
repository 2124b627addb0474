package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
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
import dev.kbmigrator.support.LogCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the watchdog does to an execution that may run for five seconds, or has no limit. */
class ExecutionWatchdogTest {

    private static final Duration TTL = FrozenEnvironment.TTL;
    private static final Duration LIMIT = Duration.ofSeconds(5);

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    private final ManualEnvironment environment = new ManualEnvironment();
    private final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();
    private final EngineConfig config = environment.config(
            FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), executor, ProbeExecution.NOTHING);
    private final ExecutionPool pool = new ExecutionPool(executor, 1, environment, () -> {});
    private final ExecutionWatchdog watchdog = new ExecutionWatchdog(pool, TTL, environment);
    private final HeldScope held = FrozenEnvironment.held(() -> {});
    private final List<Boolean> interrupted = new ArrayList<>();
    private final List<Boolean> mayBeReleased = new ArrayList<>();

    private ProbeExecution run(@Nullable Duration limit, ProbeExecution.Call call) {
        ProbeExecution execution = new ProbeExecution(config, held, limit, call);
        pool.offer(List.of(execution));
        executor.runOne();
        return execution;
    }

    private void checkAfter(Duration time) {
        environment.pass(time);
        watchdog.check();
        interrupted.add(Thread.interrupted());
        mayBeReleased.add(held.mayBeReleased());
    }

    @Test
    void anExecutionIsToldToStopWhenItsTimeLimitIsOver() {
        ProbeExecution execution = run(LIMIT, () -> {
            checkAfter(LIMIT.minusNanos(1));
            checkAfter(Duration.ofNanos(1));
        });
        assertThat(interrupted).containsExactly(false, true);
        assertThat(execution.cancellation()).isEqualTo(Cancellation.TIMEOUT);
    }

    @Test
    void itIsToldOnce() {
        run(LIMIT, () -> {
            checkAfter(LIMIT);
            checkAfter(LIMIT);
        });
        assertThat(interrupted).containsExactly(true, false);
    }

    @Test
    void theLimitCountsFromTheStartOfTheExecution() {
        environment.pass(Duration.ofSeconds(6));
        run(LIMIT, () -> checkAfter(Duration.ofSeconds(4)));
        assertThat(interrupted).containsExactly(false);
    }

    @Test
    void withoutALimitItMayRunForever() {
        ProbeExecution execution = run(null, () -> checkAfter(Duration.ofDays(1)));
        assertThat(interrupted).containsExactly(false);
        assertThat(execution.outcome()).isInstanceOf(Done.class);
    }

    @Test
    void whatWasCancelledBeforeKeepsItsReason() {
        ProbeExecution execution = run(LIMIT, () -> {
            pool.cancelAll(false);
            checkAfter(LIMIT);
        });
        assertThat(interrupted).containsExactly(false);
        assertThat(execution.cancellation()).isEqualTo(Cancellation.CLOSING);
    }

    @Test
    void whatDoesNotStopForATtlIsAbandoned() {
        environment.pass(Duration.ofSeconds(1));
        ProbeExecution execution = run(null, () -> {
            environment.pass(TTL);
            pool.cancelAll(false);
            checkAfter(TTL.minusNanos(1));
            checkAfter(Duration.ofNanos(1));
            assertThat(pool.isExhausted()).isTrue();
        });
        assertThat(mayBeReleased).as("its lease is left to expire").containsExactly(true, false);
        assertThat(execution.returns).hasValue(1);
        assertThat(execution.outcome()).isInstanceOf(Cancelled.class);
        assertThat(log.messages(Level.WARN)).singleElement().asString().contains("does not stop");
    }

    @Test
    void afterItsTimeLimitItHasATtlToStop() {
        ProbeExecution execution = run(LIMIT, () -> {
            checkAfter(LIMIT);
            checkAfter(TTL.minusNanos(1));
            checkAfter(Duration.ofNanos(1));
        });
        assertThat(mayBeReleased).containsExactly(true, true, false);
        assertThat(execution.outcome())
                .isInstanceOfSatisfying(
                        Failed.class,
                        failed -> assertThat(failed.error().error())
                                .isInstanceOf(AttemptTimeoutException.class)
                                .hasMessageContaining("did not stop"));
    }

    @Test
    void itTellsWhetherAnythingRuns() {
        List<Boolean> busy = new ArrayList<>();
        busy.add(watchdog.check());
        run(LIMIT, () -> busy.add(watchdog.check()));
        busy.add(watchdog.check());
        assertThat(busy).containsExactly(false, true, false);
    }

    @Test
    void whatWasAbandonedIsNotWatchedAnyMore() {
        List<Boolean> busy = new ArrayList<>();
        run(null, () -> {
            pool.cancelAll(false);
            checkAfter(TTL);
            busy.add(watchdog.check());
        });
        assertThat(busy).containsExactly(false);
    }
}
