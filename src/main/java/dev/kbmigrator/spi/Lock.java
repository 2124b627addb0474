package dev.kbmigrator.spi;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A distributed lock service with leases. It keeps two replicas from doing the same work at the same time, most of the time.
 * No promise of the library rests on it.
 *
 * <p>The test kit checks these rules and names the rule when a test fails:
 *
 * <ol>
 *   <li><b>One lease.</b> A name has at most one live lease at a time, also if another client acts between two requests of a call.
 *   <li><b>The ttl.</b> No lease expires before the instant at which the caller sent the request, plus the ttl. Every lease
 *       expires, also if its owner dies in the middle of a call: a key and its expiry are set in one request.
 *   <li><b>Free names.</b> A name whose lease was released or has expired can be acquired at once. A name that is held is
 *       refused at once, by an empty result.
 *   <li><b>Owners.</b> {@link Lease#renew} and {@link Lease#release} do something only while the name belongs to this lease. A
 *       lease that is lost or was released stays lost.
 *   <li><b>Certainty.</b> {@link Renewal#LOST} is certain. A call that fails, or does not know its result, throws an unchecked
 *       exception. Its effect is then unknown.
 *   <li><b>Ties.</b> Leases are not re-entrant, are not bound to a thread, and never take part in a transaction of the host.
 *   <li><b>Lists.</b> A call for many names gives each the result that a call for it alone would give, however many there are.
 *       The engine holds up to 257 leases.
 *   <li><b>Clocks.</b> Only the lock service's own clock says when a lease ends. A host's wrong clock changes nothing.
 * </ol>
 *
 * <p>Implementations are safe for use by many threads. By default, the methods that take many names or leases handle them one
 * by one; a service that can do so in one round trip overrides them.
 */
public interface Lock {

    /**
     * Tries once to acquire a name, and never waits for its holder.
     *
     * @param name what to lock, at most 100 ASCII characters
     * @param ttl how long the lease lives unless it is renewed, at least 1 ms
     * @return the lease, or empty if another lease is live
     */
    Optional<Lease> tryAcquire(String name, Duration ttl);

    /**
     * Tries once to acquire each name. The default implementation releases what it has acquired if one of the names fails,
     * and then throws.
     *
     * @param names what to lock, each at most 100 ASCII characters
     * @param ttl how long each lease lives unless it is renewed, at least 1 ms
     * @return the acquired leases by name; a name that is missing has another live lease
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
     * Renews leases that this lock granted. The default implementation throws only if every renewal fails.
     *
     * @param leases the leases to renew, no two of the same name
     * @param ttl how long they live from now on
     * @return the result by name; if a name is missing, the outcome of its renewal is unknown
     */
    default Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
        Map<String, Renewal> results = new HashMap<>();
        RuntimeException first = null;
        for (Lease lease : leases) {
            try {
                results.put(lease.name(), lease.renew(ttl));
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null && results.isEmpty()) {
            throw first;
        }
        return results;
    }

    /**
     * Releases leases that this lock granted. If one of them fails, the others are released all the same, and the first
     * exception is thrown at the end.
     *
     * @param leases the leases to release
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
