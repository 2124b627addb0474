package dev.kbmigrator.jdbc;

import java.util.Set;
import java.util.SortedSet;

/** The statements behind {@link JdbcLock}. Each is a transaction of its own and uses the database's clock. */
interface LockSql {

    /** Acquires the names that are free, for an owner with a nonce of its own; returns those. */
    Set<String> acquire(SortedSet<String> names, String nonce, long ttlMicros);

    /** Extends the locks that still have their owner, even if they have expired; returns those. */
    Set<OwnedLock> renew(SortedSet<OwnedLock> owned, long ttlMicros);

    /** Frees the locks that still have their owner. */
    void release(SortedSet<OwnedLock> owned);

    /**
     * A lock and its owner.
     *
     * @param name the lock's name
     * @param nonce what the owner acquired it with
     */
    record OwnedLock(String name, String nonce) implements Comparable<OwnedLock> {
        @Override
        public int compareTo(OwnedLock other) {
            int byName = name.compareTo(other.name);
            return byName != 0 ? byName : nonce.compareTo(other.nonce);
        }
    }
}
