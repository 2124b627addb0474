package dev.kbmigrator.spi;

import java.time.Duration;

/** A lock that is held until it expires or is released. Implementations are safe for use by many threads. */
public interface Lease {

    /**
     * Returns what is locked.
     *
     * @return the name that was acquired
     */
    String name();

    /**
     * Extends the lease, if it still owns the name: its nonce must match the stored one. A lease that was taken over by
     * another is lost. A lease that has expired but was not taken over may be {@link Renewal#HELD} or {@link Renewal#LOST}.
     * If this method throws, the outcome is unknown.
     *
     * @param ttl how long the lease lives from now on
     * @return whether the lease is still held; {@link Renewal#LOST} is certain and permanent
     */
    Renewal renew(Duration ttl);

    /**
     * Releases the name, if this lease still owns it; otherwise does nothing. May be called more than once. If this method
     * throws, it is unknown whether the name was released.
     */
    void release();
}
