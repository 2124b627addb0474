package dev.kbmigrator.simulation;

import dev.kbmigrator.internal.engine.Surroundings;

/** The engine's signal, in virtual time. */
final class SimSignal implements Surroundings.Signal {

    private final Scheduler scheduler;
    boolean raised;

    SimSignal(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    @Override
    public void raise() {
        raised = true;
    }

    @Override
    public void await(long nanos) {
        scheduler.await(this, nanos);
    }

    @Override
    public void awaitInterruptibly(long nanos) throws InterruptedException {
        scheduler.awaitInterruptibly(this, nanos);
    }
}
