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
 * Workers that queue bodies for one slot, threads of the executor that run them, and a watch that gives up what runs. Every
 * body comes back once, no more run at a time than may, and in the end nothing waits and nothing counts as given up.
 */
public class ExecutionPoolOperations {

    private static final int SLOTS = 1;

    private final FrozenEnvironment environment = new FrozenEnvironment();
    private final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();
    private final EngineConfig config;
    private final ExecutionPool slots;
    private final HeldScope held;
    private final Queue<ProbeExecution> offered = new ConcurrentLinkedQueue<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger givenUp = new AtomicInteger();
    private volatile boolean tooMany;

    public ExecutionPoolOperations() {
        Lock lock = MemoryLock.create(() -> 0);
        config = environment.config(FrozenEnvironment.emptyStore(), lock, executor, ProbeExecution.NOTHING);
        slots = new ExecutionPool(config, () -> {});
        held = FrozenEnvironment.held(() -> {});
    }

    @Operation
    public void offer() {
        ProbeExecution body = new ProbeExecution(config, held, this::run);
        offered.add(body);
        slots.offer(List.of(body));
    }

    @Operation
    public void runATask() {
        executor.runOne();
    }

    @Operation
    public void giveUpWhatRuns() {
        for (ExecutionThread slot : slots.busy()) {
            Execution body = slot.current();
            if (body != null) {
                givenUp.incrementAndGet();
                body.cancel(Cancellation.LOST);
                slots.giveUp(slot, body);
            }
        }
    }

    @Validate
    public void everyBodyComesBackOnce() {
        while (executor.runOne()) {
            // What is queued is still to be run
        }
        checkState(!tooMany, "too many ran at a time");
        checkState(slots.backlog() == 0, slots.backlog() + " wait for ever");
        checkState(!slots.isExhausted(), "a slot that has returned counts as given up");
        for (ProbeExecution body : offered) {
            checkState(body.returns.get() == 1, "a body came back " + body.returns + " times");
        }
    }

    private void run() {
        if (running.incrementAndGet() > SLOTS + givenUp.get()) {
            tooMany = true;
        }
        running.decrementAndGet();
    }
}
