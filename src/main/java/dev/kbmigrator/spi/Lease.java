package dev.kbmigrator.spi;

import java.time.Duration;

/** A held lock with an expiry. Safe for use by many threads. */
public interface Lease {

    /**
     * What is locked.
     *
     * @return the name that was acquired
     */
    String name();

    /**
     * Extends the lease, if it is still this one's: the owner's nonce must match. A lease that expired but was not taken by
     * another may be {@link Renewal#HELD} or {@link Renewal#LOST}; one that was taken is lost. An exception means that the
     * outcome is unknown.
     *
     * @param ttl how long it lives from now on
     * @return whether it is still held; {@link Renewal#LOST} is definite and permanent
     */
    Renewal renew(Duration ttl);

    /** Gives the lock back, if it is still this lease's; does nothing otherwise. May be called more than once. */
    void release();
}
