package dev.kbmigrator.jdbc;

import dev.kbmigrator.jdbc.LockSql.OwnedLock;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Leases as rows of a table. They expire by the database's clock, and no call waits for a lease. They are not session locks,
 * which connection poolers would break. Safe for use by many threads.
 */
public final class JdbcLock implements Lock {

    private final Database database;
    private volatile @Nullable LockSql sql;

    JdbcLock(Database database) {
        this.database = database;
    }

    /**
     * Creates a lock with the default settings. Does not read or write anything yet.
     *
     * @param dataSource the host's data source
     * @return the lock
     */
    public static JdbcLock create(DataSource dataSource) {
        return create(JdbcSettings.of(dataSource));
    }

    /**
     * Creates a lock. Does not read or write anything yet.
     *
     * @param settings where the tables are
     * @return the lock
     */
    public static JdbcLock create(JdbcSettings settings) {
        return new JdbcLock(new Database(settings));
    }

    private LockSql sql() {
        LockSql known = sql;
        if (known == null) {
            TableLocation tables = database.tables();
            known = tables.dialect() instanceof StandardDialect standard
                    ? new StandardLockSql(database, standard, tables)
                    : new PostgresLockSql(database, tables);
            sql = known;
        }
        return known;
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        return Optional.ofNullable(tryAcquireAll(Set.of(name), ttl).get(name));
    }

    @Override
    public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
        if (names.isEmpty()) {
            return Map.of();
        }
        String nonce = UUID.randomUUID().toString();
        Map<String, Lease> acquired = new HashMap<>();
        for (String name : sql().acquire(new TreeSet<>(names), nonce, micros(ttl))) {
            acquired.put(name, new JdbcLease(new OwnedLock(name, nonce)));
        }
        return acquired;
    }

    @Override
    public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
        SortedSet<OwnedLock> owned = owned(leases);
        if (owned.isEmpty()) {
            return Map.of();
        }
        Set<OwnedLock> renewed = sql().renew(owned, micros(ttl));
        Map<String, Renewal> renewals = new HashMap<>();
        for (OwnedLock one : owned) {
            renewals.put(one.name(), renewed.contains(one) ? Renewal.HELD : Renewal.LOST);
        }
        return renewals;
    }

    @Override
    public void releaseAll(Collection<? extends Lease> leases) {
        SortedSet<OwnedLock> owned = owned(leases);
        if (!owned.isEmpty()) {
            sql().release(owned);
        }
    }

    private static SortedSet<OwnedLock> owned(Collection<? extends Lease> leases) {
        SortedSet<OwnedLock> owned = new TreeSet<>();
        for (Lease lease : leases) {
            if (!(lease instanceof JdbcLease ours)) {
                throw new IllegalArgumentException(
                        "the lease " + lease.name() + " was not acquired from a JdbcLock: it is a "
                                + lease.getClass().getName());
            }
            owned.add(ours.owned);
        }
        return owned;
    }

    private static long micros(Duration ttl) {
        return TimeUnit.NANOSECONDS.toMicros(ttl.toNanos());
    }

    private final class JdbcLease implements Lease {

        private final OwnedLock owned;

        private JdbcLease(OwnedLock owned) {
            this.owned = owned;
        }

        @Override
        public String name() {
            return owned.name();
        }

        @Override
        public Renewal renew(Duration ttl) {
            return renewAll(Set.of(this), ttl).getOrDefault(name(), Renewal.LOST);
        }

        @Override
        public void release() {
            releaseAll(Set.of(this));
        }
    }
}
