package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Wraps a lock so that its calls fail as {@link Faults} say. Rules refer to a call by the name of its method:
 * {@code tryAcquire}, {@code tryAcquireAll}, {@code renewAll} and {@code releaseAll} of the lock, and {@code renew} and
 * {@code release} of its leases. Safe for use by many threads if the wrapped lock is.
 */
public final class FaultyLock implements Lock {

    private final Lock real;
    private final Faults faults;

    /**
     * Wraps a lock.
     *
     * @param real the lock that receives the calls
     * @param faults decides which calls fail
     */
    public FaultyLock(Lock real, Faults faults) {
        this.real = real;
        this.faults = faults;
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        return faults.call("tryAcquire", () -> real.tryAcquire(name, ttl)).map(FaultyLease::new);
    }

    @Override
    public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
        Map<String, Lease> acquired = new HashMap<>();
        faults.call("tryAcquireAll", () -> real.tryAcquireAll(names, ttl))
                .forEach((name, lease) -> acquired.put(name, new FaultyLease(lease)));
        return acquired;
    }

    @Override
    public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
        return faults.call("renewAll", () -> real.renewAll(unwrapped(leases), ttl));
    }

    @Override
    public void releaseAll(Collection<? extends Lease> leases) {
        faults.run("releaseAll", () -> real.releaseAll(unwrapped(leases)));
    }

    private static List<Lease> unwrapped(Collection<? extends Lease> leases) {
        return leases.stream()
                .map(lease -> lease instanceof FaultyLease faulty ? faulty.real : lease)
                .toList();
    }

    private final class FaultyLease implements Lease {

        private final Lease real;

        private FaultyLease(Lease real) {
            this.real = real;
        }

        @Override
        public String name() {
            return real.name();
        }

        @Override
        public Renewal renew(Duration ttl) {
            return faults.call("renew", () -> real.renew(ttl));
        }

        @Override
        public void release() {
            faults.run("release", real::release);
        }
    }
}
