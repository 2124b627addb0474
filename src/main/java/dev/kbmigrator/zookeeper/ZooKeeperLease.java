package dev.kbmigrator.zookeeper;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.zookeeper.LockNodes.Session;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A claim whose nodes this client made. The guard is held during its calls, so that it does not run out in one of them. */
final class ZooKeeperLease implements Lease {

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ZooKeeperLock lock;
    private final Claim claim;
    private final long sessionId;
    private final ReentrantLock guard = new ReentrantLock();
    private long deadline;
    private boolean over;
    private @Nullable Future<?> expiry;

    ZooKeeperLease(ZooKeeperLock lock, Claim claim, long sessionId) {
        this.lock = lock;
        this.claim = claim;
        this.sessionId = sessionId;
    }

    @Override
    public String name() {
        return claim.name();
    }

    @Override
    public Renewal renew(Duration ttl) {
        ZooKeeperLock.requirePositive(ttl);
        guard.lock();
        try {
            if (isOver()) {
                return Renewal.LOST;
            }
            long next = System.nanoTime() + ttl.toNanos();
            Session session = lock.nodes().session();
            if (session.id() == sessionId) {
                ZooKeeperLock.requireNotAbove(ttl, session);
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

    /** Nodes of a session that the client gave up may be there for a while yet, but are not to be counted on. */
    private boolean isStillThere(Session before) {
        return before.id() == sessionId
                && lock.nodes().exist(claim)
                && lock.nodes().session().id() == sessionId;
    }

    @Override
    public void release() {
        guard.lock();
        try {
            if (!isOver()) {
                over = true;
                cancelExpiry();
                lock.nodes().session();
                lock.nodes().delete(claim);
            }
        } catch (RuntimeException e) {
            lock.leftovers().add(claim);
            throw e;
        } finally {
            guard.unlock();
        }
    }

    /** Starts the lease, or goes on with it. */
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
        expiry = lock.timer().schedule(this::expire, delayNanos, TimeUnit.NANOSECONDS);
    }

    private void cancelExpiry() {
        if (expiry != null) {
            expiry.cancel(false);
        }
    }

    /** Never waits for a call that is under way: one thread serves all leases. */
    private void expire() {
        if (!guard.tryLock()) {
            Future<?> unused = lock.timer().schedule(this::expire, RETRY_NANOS, TimeUnit.NANOSECONDS);
            return;
        }
        try {
            isOver();
        } finally {
            guard.unlock();
        }
    }

    /** Whether it has ended, or ends here since its time is up. */
    private boolean isOver() {
        if (!over && System.nanoTime() - deadline >= 0) {
            end();
        }
        return over;
    }

    private void end() {
        over = true;
        cancelExpiry();
        lock.leftovers().add(claim);
    }
}
