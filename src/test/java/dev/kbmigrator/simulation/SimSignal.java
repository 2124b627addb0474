package dev.kbmigrator.simulation;

import dev.kbmigrator.internal.support.Environment;

/** The engine's signal: it waits by its process's clock, in virtual time. */
final class SimSignal implements Environment.Signal {

    private final Node node;
    boolean raised;

    SimSignal(Node node) {
        this.node = node;
    }

    @Override
    public void raise() {
        raised = true;
    }

    @Override
    public void await(long nanos) {
        node.scheduler.await(this, node.clock.untilPassed(nanos));
    }

    @Override
    public void awaitInterruptibly(long nanos) throws InterruptedException {
        node.scheduler.awaitInterruptibly(this, node.clock.untilPassed(nanos));
    }
}
