package dev.kbmigrator.zookeeper;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.zookeeper.LockNodes.Session;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A claim whose nodes this client created. The guard is held during its calls, so that it does not expire in one of them. */
final class ZooKeeperLease implements Lease {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final LockNodes nodes;
    private final Leftovers leftovers;
    private final ScheduledExecutorService timer;
    private final Claim claim;
    private final long sessionId;
    private final ReentrantLock guard = new ReentrantLock();
    private long deadline;
    private boolean over;
    private @Nullable Future<?> expiry;

    ZooKeeperLease(LockNodes nodes, Leftovers leftovers, ScheduledExecutorService timer, Claim claim, long sessionId) {
        this.nodes = nodes;
        this.leftovers = leftovers;
        this.timer = timer;
        this.claim = claim;
        this.sessionId = sessionId;
    }

    static void requirePositive(Duration ttl) {
        if (ttl.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("a lease lives for at least 1 ms, not " + ttl);
        }
    }

    static void requireNotAbove(Duration ttl, Session session) {
        Duration timeout = Duration.ofMillis(session.timeoutMillis());
        if (ttl.compareTo(timeout) > 0) {
            throw new IllegalArgumentException(
                    "a lease of " + ttl + " cannot be held in a ZooKeeper session that times out"
                            + " after " + timeout
                            + ": raise the client's session timeout, and the servers' maxSessionTimeout if"
                            + " they cut it down, or shorten the lease");
        }
    }

    @Override
    public String name() {
        return claim.name();
    }

    @Override
    public Renewal renew(Duration ttl) {
        requirePositive(ttl);
        guard.lock();
        try {
            if (isOver()) {
                return Renewal.LOST;
            }
            long next = System.nanoTime() + ttl.toNanos();
            Session session = nodes.session();
            if (session.id() == sessionId) {
                requireNotAbove(ttl, session);
            }
            if (!isStillThere(session)) {
                end();
                return Renewal.LOST;
            }
            expireAt(next);
            return Renewal.HELD;
        } finally {
            guard.unlock();
        }
    }

    /** Nodes of a session that the client gave up may remain for a while, but do not count. */
    private boolean isStillThere(Session before) {
        return before.id() == sessionId && nodes.exist(claim) && nodes.session().id() == sessionId;
    }

    @Override
    public void release() {
        guard.lock();
        try {
            if (!isOver()) {
                over = true;
                cancelExpiry();
                nodes.session();
                nodes.delete(claim);
            }
        } catch (RuntimeException e) {
            leftovers.add(claim);
            throw e;
        } finally {
            guard.unlock();
        }
    }

    /** Starts the lease, or extends it. */
    void expireAt(long nanoTime) {
        guard.lock();
        try {
            deadline = nanoTime;
            scheduleExpiry(nanoTime - System.nanoTime());
        } finally {
            guard.unlock();
        }
    }

    private void scheduleExpiry(long delayNanos) {
        cancelExpiry();
        expiry = timer.schedule(this::expire, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void cancelExpiry() {
        if (expiry != null) {
            expiry.cancel(false);
        }
    }

    /** Never waits for a call that is under way: one thread serves all leases. */
    private void expire() {
        if (!guard.tryLock()) {
            Future<?> unused = timer.schedule(this::expire, RETRY_NANOS, TimeUnit.NANOSECONDS);
            return;
        }
        try {
            isOver();
        } finally {
            guard.unlock();
        }
    }

    /** Returns whether it has ended; ends it if its time is up. */
    private boolean isOver() {
        if (!over && System.nanoTime() - deadline >= 0) {
            end();
        }
        return over;
    }

    private void end() {
        over = true;
        cancelExpiry();
        leftovers.add(claim);
    }
}
