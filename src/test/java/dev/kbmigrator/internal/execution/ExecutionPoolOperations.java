package dev.kbmigrator.internal.execution;

import static com.google.common.base.Preconditions.checkState;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ProbeExecution;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Lock;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Workers that queue executions for a pool of one thread, threads of the executor that run them, and a watchdog that abandons what
 * runs. Every execution is returned once, no more run at a time than may, and in the end nothing waits and no thread counts as
 * abandoned.
 */
public class ExecutionPoolOperations {

    private static final int SIZE = 1;

    private final FrozenEnvironment environment = new FrozenEnvironment();
    private final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();
    private final EngineConfig config;
    private final ExecutionPool pool;
    private final HeldScope held;
    private final Queue<ProbeExecution> offered = new ConcurrentLinkedQueue<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();
    private volatile boolean tooMany;

    public ExecutionPoolOperations() {
        Lock lock = MemoryLock.create(() -> 0);
        config = environment.config(FrozenEnvironment.emptyStore(), lock, executor, ProbeExecution.NOTHING);
        pool = new ExecutionPool(executor, SIZE, environment, () -> {});
        held = FrozenEnvironment.held(() -> {});
    }

    @Operation
    public void offer() {
        ProbeExecution execution = new ProbeExecution(config, held, this::run);
        offered.add(execution);
        pool.offer(List.of(execution));
    }

    @Operation
    public void runATask() {
        executor.runOne();
    }

    @Operation
    public void abandonWhatRuns() {
        for (ExecutionThread thread : pool.busy()) {
            Execution execution = thread.current();
            if (execution != null) {
                abandoned.incrementAndGet();
                execution.cancel(Cancellation.LOST);
                pool.abandon(thread, execution);
            }
        }
    }

    @Validate
    public void everyExecutionIsReturnedOnce() {
        while (executor.runOne()) {
            // What is queued is still to be run
        }
        checkState(!tooMany, "too many ran at a time");
        checkState(pool.backlog() == 0, pool.backlog() + " wait forever");
        checkState(!pool.isExhausted(), "a thread that has returned counts as abandoned");
        for (ProbeExecution execution : offered) {
            checkState(execution.returns.get() == 1, "an execution was returned " + execution.returns + " times");
        }
    }

    private void run() {
        if (running.incrementAndGet() > SIZE + abandoned.get()) {
            tooMany = true;
        }
        running.decrementAndGet();
    }
}
