package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.support.Environment;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A thread of the executor while it runs executions, one after another. Safe for use by many threads. */
public final class ExecutionThread {

    private final Environment environment;
    private final InterruptShield shield = new InterruptShield();
    private @Nullable Execution current;
    private long startedAt;
    private boolean abandoned;

    /** Stands for the thread that calls this. */
    ExecutionThread(Environment environment) {
        this.environment = environment;
    }

    /** Runs an execution from start to end, in this thread. */
    void run(Execution execution, BooleanSupplier halted) {
        begin(execution);
        // Asked once the execution can be seen here: whoever loses its scope or halts it meanwhile cancels it here
        execution.cancelIfOver(halted);
        Execution.Outcome outcome = execution.attempt(shield);
        execution.conclude(outcome, end());
    }

    private synchronized void begin(Execution execution) {
        current = execution;
        startedAt = environment.nanoTime();
        shield.reset();
    }

    /** From here on, nobody interrupts the thread because of the execution. Returns how long it ran, in nanoseconds. */
    private synchronized long end() {
        current = null;
        shield.reset();
        // Whoever interrupted, even the part itself, meant the execution that has ended, not what this thread does next
        Thread.interrupted();
        return environment.nanoTime() - startedAt;
    }

    /** Returns what runs now; null when nothing does. */
    public synchronized @Nullable Execution current() {
        return current;
    }

    /** Returns when it started, in monotonic time. */
    public synchronized long startedAt() {
        return startedAt;
    }

    /** Interrupts the execution, if it is still the one that runs. */
    synchronized void interrupt(Execution execution) {
        if (current == execution) {
            execution.interrupting();
            shield.interrupt();
        }
    }

    /** Takes the execution away from the thread, if it is still the one that runs. */
    synchronized boolean abandon(Execution execution) {
        if (current != execution || abandoned) {
            return false;
        }
        abandoned = true;
        return true;
    }

    synchronized boolean isAbandoned() {
        return abandoned;
    }
}
