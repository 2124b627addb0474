package dev.kbmigrator.jdbc;

import java.util.Set;
import java.util.SortedSet;

/** The statements behind {@link JdbcLock}. Each is a transaction of its own, and goes by the database's clock. */
interface LockSql {

    /** Takes those of the names that are free, for an owner that nobody else is; answers which. */
    Set<String> acquire(SortedSet<String> names, String nonce, long ttlMicros);

    /** Extends those that are still their owners'; answers which. No time predicate: an expired one may be extended. */
    Set<Owned> renew(SortedSet<Owned> owned, long ttlMicros);

    /** Frees those that are still their owners'. */
    void release(SortedSet<Owned> owned);

    /**
     * A lock and who took it.
     *
     * @param name what is locked
     * @param nonce the owner
     */
    record Owned(String name, String nonce) implements Comparable<Owned> {
        @Override
        public int compareTo(Owned other) {
            int byName = name.compareTo(other.name);
            return byName != 0 ? byName : nonce.compareTo(other.nonce);
        }
    }
}
