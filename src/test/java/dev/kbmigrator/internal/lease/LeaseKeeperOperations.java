package dev.kbmigrator.internal.lease;

import static com.google.common.base.Preconditions.checkState;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * The owners of two scopes, each a thread of its own, and the keeper's loops, one round at a time. In the end, while a lease
 * is kept, exactly one loop renews it and one watches it, else none; and whoever lost a scope was told once.
 */
public class LeaseKeeperOperations {

    private final FrozenEnvironment environment = new FrozenEnvironment();
    private final LeaseKeeper keeper;
    private final Owner one;
    private final Owner other;
    private volatile boolean takenOver;

    public LeaseKeeperOperations() {
        Lock unused = (name, ttl) -> Optional.empty();
        EngineConfig config = environment.config(FrozenEnvironment.emptyStore(), unused, environment.started);
        keeper = new LeaseKeeper(config, new ExecutionPool(config, () -> {}));
        one = new Owner(1);
        other = new Owner(2);
    }

    /** A scope, and what its owner knows of it. */
    private final class Owner implements Lease {

        private final AtomicInteger renewals = new AtomicInteger();
        private final AtomicInteger told = new AtomicInteger();
        private final HeldScope held;
        private volatile boolean holds;

        private Owner(int scope) {
            held = new HeldScope(this, new Epoch(scope, 1), FrozenEnvironment.TTL.toNanos(), told::incrementAndGet);
        }

        private void begin() {
            if (!held.isLost()) {
                keeper.keep(held);
                holds = true;
            }
        }

        private void end() {
            if (holds) {
                keeper.release(List.of(held));
                holds = false;
            }
        }

        private boolean isKept() {
            return holds && !held.isLost();
        }

        @Override
        public String name() {
            return "partition " + held.scope();
        }

        @Override
        public Renewal renew(Duration ttl) {
            renewals.incrementAndGet();
            return takenOver ? Renewal.LOST : Renewal.HELD;
        }

        @Override
        public void release() {}
    }

    @Operation(nonParallelGroup = "one")
    public void oneBegins() {
        one.begin();
    }

    @Operation(nonParallelGroup = "one")
    public void oneEnds() {
        one.end();
    }

    @Operation(nonParallelGroup = "other")
    public void otherBegins() {
        other.begin();
    }

    @Operation(nonParallelGroup = "other")
    public void otherEnds() {
        other.end();
    }

    @Operation
    public void oneIsFencedOut() {
        if (one.holds) {
            keeper.lose(one.held, "a write was refused");
        }
    }

    @Operation
    public void anotherReplicaTakesOver() {
        takenOver = true;
    }

    @Operation
    public void aLoopGoesAround() {
        environment.letTheWaitsEnd();
        environment.started.runOne();
    }

    @Validate
    public void whatIsKeptIsRenewedAndWhatIsLostIsTold() {
        takenOver = false;
        checkState(one.told.get() == (one.held.isLost() ? 1 : 0), "one was told " + one.told);
        checkState(other.told.get() == (other.held.isLost() ? 1 : 0), "the other was told " + other.told);
        int before = one.renewals.get();
        int beforeOther = other.renewals.get();
        int loops = environment.started.size();
        for (int i = 0; i < loops; i++) {
            aLoopGoesAround();
        }
        checkState(
                environment.started.size() == (one.isKept() || other.isKept() ? 2 : 0),
                environment.started.size() + " loops of " + loops + " are there");
        checkState(one.renewals.get() - before == (one.isKept() ? 1 : 0), "one was renewed at the wrong times");
        checkState(
                other.renewals.get() - beforeOther == (other.isKept() ? 1 : 0),
                "the other was renewed at the wrong times");
    }
}
