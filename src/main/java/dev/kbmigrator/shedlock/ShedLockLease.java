package dev.kbmigrator.shedlock;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.jspecify.annotations.Nullable;

/**
 * One acquisition. ShedLock's locks are neither safe for many threads nor usable twice: every extension returns a new one.
 */
final class ShedLockLease implements Lease {

    private final String name;
    private final LongSupplier nanoTime;

    /** Null once the lease was released or lost. */
    private @Nullable SimpleLock lock;

    /** Until then no other owner can have been granted the name, since the store's expiry is not earlier. */
    private long deadline;

    ShedLockLease(String name, SimpleLock lock, long deadline, LongSupplier nanoTime) {
        this.name = name;
        this.lock = lock;
        this.deadline = deadline;
        this.nanoTime = nanoTime;
    }

    /** Returns a duration that is never too short for the ttl, although ShedLock counts from a time without fractions of a millisecond. */
    static Duration lockAtMostFor(Duration ttl) {
        if (ttl.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("a lease lives for at least 1 ms, not " + ttl);
        }
        return Duration.ofMillis(ttl.plusNanos(999_999).toMillis() + 1);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public synchronized Renewal renew(Duration ttl) {
        Duration atMost = lockAtMostFor(ttl);
        SimpleLock held = lockBeforeDeadline();
        if (held == null) {
            return Renewal.LOST;
        }
        long next = nanoTime.getAsLong() + ttl.toNanos();
        Optional<SimpleLock> extended = held.extend(atMost, Duration.ZERO);
        // An extension that took effect after the deadline may have hit a later lease of the same host
        if (extended.isEmpty() || isPastDeadline()) {
            lock = null;
            return Renewal.LOST;
        }
        lock = extended.get();
        deadline = next;
        return Renewal.HELD;
    }

    @Override
    public synchronized void release() {
        SimpleLock held = lockBeforeDeadline();
        if (held != null) {
            held.extend(Duration.ZERO, Duration.ZERO);
            lock = null;
        }
    }

    private @Nullable SimpleLock lockBeforeDeadline() {
        if (isPastDeadline()) {
            lock = null;
        }
        return lock;
    }

    private boolean isPastDeadline() {
        return nanoTime.getAsLong() - deadline >= 0;
    }
}
