package dev.kbmigrator.internal.execution;

import dev.kbmigrator.internal.support.Environment;

/** Runs executions in the thread that calls, without a pool. */
public final class CallingThread {

    private final ExecutionThread thread;

    public CallingThread(Environment environment) {
        this.thread = new ExecutionThread(environment);
    }

    public void run(Execution execution) {
        thread.run(execution, () -> false);
    }
}
