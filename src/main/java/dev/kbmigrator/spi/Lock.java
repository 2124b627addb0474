package dev.kbmigrator.spi;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A distributed lock service with leases. It keeps two replicas from doing the same work at the same time, most of the time;
 * no promise of the library rests on it.
 *
 * <p>The contract, which the test kit checks: at most one live lease a name, by the store's own clock. A lease expires never
 * earlier than the instant at which the caller sent the request plus the ttl. Leases are not re-entrant, bind to no thread,
 * and never take part in a transaction of the host. A name whose lease was released or has expired can be acquired at once.
 * Implementations are safe for use by many threads. A call that fails throws an unchecked exception, which means that its
 * effect is unknown.
 *
 * <p>The methods on many names at once exist for services that can do it in one round trip; the defaults go one by one.
 */
public interface Lock {

    /**
     * Tries once, and never waits.
     *
     * @param name what to lock, at most 100 ASCII characters
     * @param ttl how long the lease lives unless it is renewed; at least 1 ms
     * @return the lease, or empty when another one is live
     */
    Optional<Lease> tryAcquire(String name, Duration ttl);

    /**
     * Tries once for each name.
     *
     * @param names what to lock
     * @param ttl how long each lease lives unless it is renewed
     * @return the leases that were acquired, by name; a name that is missing is held by another
     */
    default Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
        Map<String, Lease> acquired = new HashMap<>();
        try {
            for (String name : names) {
                tryAcquire(name, ttl).ifPresent(lease -> acquired.put(name, lease));
            }
        } catch (RuntimeException e) {
            try {
                releaseAll(acquired.values());
            } catch (RuntimeException onRelease) {
                e.addSuppressed(onRelease);
            }
            throw e;
        }
        return acquired;
    }

    /**
     * Renews leases of this lock.
     *
     * @param leases what to renew, each with a name of its own
     * @param ttl how long they live from now on
     * @return the answer for each name; one that is missing could not be asked, and is unknown
     */
    default Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
        Map<String, Renewal> answers = new HashMap<>();
        RuntimeException first = null;
        for (Lease lease : leases) {
            try {
                answers.put(lease.name(), lease.renew(ttl));
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null && answers.isEmpty()) {
            throw first;
        }
        return answers;
    }

    /**
     * Releases leases of this lock. All of them are tried, even when one fails.
     *
     * @param leases what to release
     */
    default void releaseAll(Collection<? extends Lease> leases) {
        RuntimeException first = null;
        for (Lease lease : leases) {
            try {
                lease.release();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
