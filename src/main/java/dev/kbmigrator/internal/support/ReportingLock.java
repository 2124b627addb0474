package dev.kbmigrator.internal.support;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/** A lock that reports to {@link Troubles} how each call ends. Its leases are those of the lock. Safe for use by many threads. */
public final class ReportingLock implements Lock {

    private static final String ACQUIRE = "acquire locks";

    private final Lock lock;
    private final Troubles troubles;

    public ReportingLock(Lock lock, Troubles troubles) {
        this.lock = lock;
        this.troubles = troubles;
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        return troubles.watch(ACQUIRE, () -> lock.tryAcquire(name, ttl));
    }

    @Override
    public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
        return troubles.watch(ACQUIRE, () -> lock.tryAcquireAll(names, ttl));
    }

    @Override
    public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
        return troubles.watch("renew leases", () -> lock.renewAll(leases, ttl));
    }

    @Override
    public void releaseAll(Collection<? extends Lease> leases) {
        troubles.watch("release leases", () -> {
            lock.releaseAll(leases);
            return true;
        });
    }
}
