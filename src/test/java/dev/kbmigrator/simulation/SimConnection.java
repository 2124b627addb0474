package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import java.util.function.Supplier;

/**
 * The way from a process to a service: calls take time, get lost on the way there or back, and processes die around them.
 */
final class SimConnection {

    private final Node node;
    private final World world;
    private final Scheduler scheduler;

    SimConnection(Node node) {
        this.node = node;
        this.world = node.world;
        this.scheduler = node.scheduler;
    }

    <T> T call(double faults, Supplier<T> effect, String what, Object... details) {
        scheduler.checkAlive();
        scheduler.event(what, details);
        boolean faulty = world.stormy && scheduler.chance(faults);
        boolean crashes = world.stormy && scheduler.chance(world.scenario.crashes);
        boolean before = (faulty || crashes) && scheduler.random.nextBoolean();
        if (crashes && before) {
            die();
        }
        Task self = scheduler.current();
        CallInFlight<T> pending = new CallInFlight<>(effect);
        if (!(faulty && before)) {
            self.pending = pending;
        }
        latency();
        self.pending = null;
        if (faulty && before) {
            scheduler.event("  refused", what);
            throw new StateStoreException(kind(), "simulated: " + what + " did not get there", null);
        }
        T answer = pending.effect();
        if (crashes) {
            die();
        }
        if (scheduler.random.nextBoolean()) {
            scheduler.point();
        }
        if (faulty) {
            scheduler.event("  answer lost", what);
            throw new StateStoreException(kind(), "simulated: the answer to " + what + " was lost", null);
        }
        return answer;
    }

    private Kind kind() {
        return world.scenario.tellsOutages ? Kind.OUTAGE : Kind.UNKNOWN;
    }

    private void die() {
        node.crash();
        throw new SimulatedDeath();
    }

    private void latency() {
        if (world.stormy && scheduler.chance(world.scenario.slowCalls)) {
            scheduler.sleep(scheduler.millis(50, 2 * world.scenario.ttl.toMillis()));
        } else if (scheduler.random.nextBoolean()) {
            scheduler.sleep(scheduler.millis(0, 10));
        } else {
            scheduler.point();
        }
    }
}
