package dev.kbmigrator.internal.lease;

import static com.google.common.base.Preconditions.checkState;

import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.Storage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;

/**
 * The owners of two scopes, each a thread of its own, and the keeper's loops, one round at a time. In the end, while a lease
 * is kept, exactly one loop renews it and one watches it, otherwise none; and the owner of a lost scope was told once.
 */
public class LeaseKeeperOperations {

    private final FrozenEnvironment environment = new FrozenEnvironment();
    private final Owner one = new Owner(1);
    private final Owner other = new Owner(2);
    private final LeaseKeeper keeper = newKeeper();
    private volatile boolean takenOver;

    private LeaseKeeper newKeeper() {
        Lock lock = (name, ttl) -> Optional.of(name.equals(one.name()) ? one : other);
        Storage storage = new Storage(FrozenEnvironment.emptyStore(), lock);
        return new LeaseKeeper(storage, FrozenEnvironment.TTL, environment, () -> false);
    }

    /** A scope's lease, and what its owner knows of it. */
    private final class Owner implements Lease {

        private final int scope;
        private final AtomicInteger renewals = new AtomicInteger();
        private final AtomicInteger told = new AtomicInteger();

        /** All that it has ever held; belongs to the owner's thread. */
        private final List<HeldScope> all = new ArrayList<>();

        private volatile @Nullable HeldScope held;

        private Owner(int scope) {
            this.scope = scope;
        }

        private void begin() {
            if (held == null) {
                HeldScope acquired =
                        keeper.acquire(scope, lost -> told.incrementAndGet()).orElseThrow();
                all.add(acquired);
                held = acquired;
            }
        }

        private void end() {
            HeldScope quiet = held;
            if (quiet != null) {
                keeper.release(List.of(quiet));
                held = null;
            }
        }

        private boolean isKept() {
            HeldScope now = held;
            return now != null && !now.isLost();
        }

        private long losses() {
            return all.stream().filter(HeldScope::isLost).count();
        }

        @Override
        public String name() {
            return HeldScope.lockName(scope);
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
        HeldScope held = one.held;
        if (held != null) {
            keeper.lose(held, "a write was refused");
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
        checkState(one.told.get() == one.losses(), "one was told " + one.told);
        checkState(other.told.get() == other.losses(), "the other was told " + other.told);
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
