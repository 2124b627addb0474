package dev.kbmigrator.internal.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.memory.MemoryLock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The thread of the test, which runs executions one after another. */
class ExecutionThreadTest {

    private final ManualEnvironment environment = new ManualEnvironment();
    private final EngineConfig config = environment.config(
            FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), Runnable::run, ProbeExecution.NOTHING);
    private final HeldScope held = FrozenEnvironment.held(() -> {});
    private final ExecutionThread thread = new ExecutionThread(environment);
    private boolean halted;

    @AfterEach
    void clear() {
        Thread.interrupted();
    }

    private ProbeExecution execution(ProbeExecution.Call call) {
        return new ProbeExecution(config, held, call);
    }

    private ProbeExecution execution() {
        return execution(() -> {});
    }

    private ProbeExecution run(ProbeExecution.Call call) {
        ProbeExecution execution = execution(call);
        thread.run(execution, () -> halted);
        return execution;
    }

    private Execution current() {
        return Objects.requireNonNull(thread.current());
    }

    @Test
    void itShowsWhatRunsOnlyWhileItRuns() {
        List<Execution> shown = new ArrayList<>();
        ProbeExecution execution = run(() -> {
            shown.add(current());
        });
        assertThat(shown).containsExactly(execution);
        assertThat(thread.current()).isNull();
        assertThat(execution.outcome()).isInstanceOf(Done.class);
        assertThat(execution.returns).hasValue(1);
    }

    @Test
    void anExecutionTellsHowLongItRan() {
        environment.pass(Duration.ofSeconds(10));
        List<Long> startedAt = new ArrayList<>();
        ProbeExecution execution = run(() -> {
            environment.pass(Duration.ofSeconds(5));
            startedAt.add(thread.startedAt());
        });
        assertThat(startedAt).containsExactly(Duration.ofSeconds(10).toNanos());
        assertThat(Duration.ofNanos(execution.ranFor())).isEqualTo(Duration.ofSeconds(5));
    }

    @Nested
    class BeforeItStarts {

        private final List<String> ran = new ArrayList<>();

        @Test
        void anExecutionIsCancelledIfItsDeadlineHasPassed() {
            environment.pass(FrozenEnvironment.TTL);
            ProbeExecution late = run(() -> ran.add("late"));
            assertThat(late.cancellation()).isEqualTo(Cancellation.LOST);
            assertThat(late.outcome()).isInstanceOf(Cancelled.class);
            assertThat(ran).isEmpty();
        }

        @Test
        void anExecutionIsCancelledIfTheThreadsAreHalted() {
            halted = true;
            ProbeExecution refused = run(() -> ran.add("refused"));
            assertThat(refused.cancellation()).isEqualTo(Cancellation.CLOSING);
            assertThat(refused.outcome()).isInstanceOf(Cancelled.class);
            assertThat(ran).isEmpty();
        }

        @Test
        void aLostScopeIsTheReasonThatCounts() {
            environment.pass(FrozenEnvironment.TTL);
            halted = true;
            assertThat(run(() -> {}).cancellation()).isEqualTo(Cancellation.LOST);
        }

        @Test
        void whoeverHaltsItMeanwhileSeesIt() {
            List<Execution> seen = new ArrayList<>();
            ProbeExecution execution = execution();
            thread.run(execution, () -> {
                seen.add(current());
                return true;
            });
            assertThat(seen).containsExactly(execution);
        }
    }

    @Nested
    class Interrupts {

        private final List<Boolean> interrupted = new ArrayList<>();

        private void note() {
            interrupted.add(Thread.currentThread().isInterrupted());
        }

        @Test
        void onlyWhatRunsIsInterrupted() {
            ProbeExecution ended = run(() -> {});
            ProbeExecution running = run(() -> {
                thread.interrupt(ended);
                note();
                Execution current = current();
                thread.interrupt(current);
                note();
            });
            thread.interrupt(running);
            note();
            assertThat(interrupted).containsExactly(false, true, false);
        }

        @Test
        void anInterruptDoesNotOutliveItsExecution() {
            run(() -> Thread.currentThread().interrupt());
            note();
            run(this::note);
            assertThat(interrupted).containsExactly(false, false);
        }

        @Test
        void oneThatWasSwallowedDoesNotHitTheNextExecution() {
            run(() -> {
                Execution current = current();
                thread.interrupt(current);
                Thread.interrupted();
            });
            ProbeExecution[] next = new ProbeExecution[1];
            next[0] = execution(() -> {
                next[0].saveCheckpoint(1);
                note();
            });
            thread.run(next[0], () -> false);
            assertThat(next[0].checkpoints).containsExactly("1");
            assertThat(interrupted).containsExactly(false);
        }
    }

    @Nested
    class Abandoning {

        private final List<Boolean> abandoned = new ArrayList<>();

        @Test
        void onlyWhatRunsCanBeTakenAwayAndOnlyOnce() {
            ProbeExecution other = execution();
            ProbeExecution running = run(() -> {
                Execution current = current();
                abandoned.add(thread.abandon(other));
                abandoned.add(thread.isAbandoned());
                abandoned.add(thread.abandon(current));
                abandoned.add(thread.isAbandoned());
                abandoned.add(thread.abandon(current));
            });
            assertThat(abandoned).containsExactly(false, false, true, true, false);
            assertThat(thread.abandon(running)).isFalse();
            assertThat(thread.isAbandoned()).isTrue();
        }

        @Test
        void whatHasEndedCannotBeTakenAway() {
            ProbeExecution ended = run(() -> {});
            assertThat(thread.abandon(ended)).isFalse();
            assertThat(thread.isAbandoned()).isFalse();
        }
    }
}
