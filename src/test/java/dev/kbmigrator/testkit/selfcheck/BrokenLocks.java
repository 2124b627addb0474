package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/** Locks that each get one thing wrong, as a hurried implementation would. */
final class BrokenLocks {

    private BrokenLocks() {}

    /** A row of the lock table. */
    record Row(long nonce, long expiresMicros) {}

    /** A right one, of overridable parts. */
    static class Table implements Lock {

        final LongSupplier clock;
        final Map<String, Row> rows = new HashMap<>();
        private long lastNonce;

        Table(LongSupplier clock) {
            this.clock = clock;
        }

        @Override
        public synchronized Optional<Lease> tryAcquire(String name, Duration ttl) {
            String key = key(name);
            Row row = rows.get(key);
            if (row != null && isLive(row)) {
                refused(key, row, ttl);
                return Optional.empty();
            }
            long nonce = nextNonce();
            rows.put(key, new Row(nonce, expiry(ttl)));
            return Optional.of(new TableLease(this, name, nonce));
        }

        String key(String name) {
            return name;
        }

        long nextNonce() {
            return ++lastNonce;
        }

        boolean isLive(Row row) {
            return row.expiresMicros() > clock.getAsLong();
        }

        long expiry(Duration ttl) {
            return clock.getAsLong() + ttl.toNanos() / 1_000;
        }

        void refused(String key, Row row, Duration ttl) {}

        synchronized Renewal renew(TableLease lease, Duration ttl) {
            Row row = rows.get(key(lease.name()));
            if (row == null || row.nonce() != lease.nonce()) {
                return Renewal.LOST;
            }
            rows.put(key(lease.name()), new Row(row.nonce(), expiry(ttl)));
            return Renewal.HELD;
        }

        synchronized void release(TableLease lease) {
            Row row = rows.get(key(lease.name()));
            if (row != null && row.nonce() == lease.nonce()) {
                rows.remove(key(lease.name()));
            }
        }
    }

    record TableLease(Table table, String name, long nonce) implements Lease {

        @Override
        public Renewal renew(Duration ttl) {
            return table.renew(this, ttl);
        }

        @Override
        public void release() {
            table.release(this);
        }
    }

    static final class ReleasesWhateverIsThere extends Table {
        ReleasesWhateverIsThere(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized void release(TableLease lease) {
            rows.remove(lease.name());
        }
    }

    static final class RenewsWhateverIsThere extends Table {
        RenewsWhateverIsThere(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            return rows.computeIfPresent(lease.name(), (name, row) -> new Row(row.nonce(), expiry(ttl))) == null
                    ? Renewal.LOST
                    : Renewal.HELD;
        }
    }

    /** Asks for the time in place of the owner. */
    static final class RenewsWhateverIsLive extends Table {
        RenewsWhateverIsLive(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            Row row = rows.get(lease.name());
            if (row == null || !isLive(row)) {
                return Renewal.LOST;
            }
            rows.put(lease.name(), new Row(row.nonce(), expiry(ttl)));
            return Renewal.HELD;
        }
    }

    /** Asks for the time, too, by a clock that is a second ahead. */
    static final class RenewsByAnotherClock extends Table {
        RenewsByAnotherClock(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            Row row = rows.get(lease.name());
            return row == null || row.expiresMicros() < clock.getAsLong() + 1_000_000
                    ? Renewal.LOST
                    : super.renew(lease, ttl);
        }
    }

    /** Says once that an expired lease is lost, and then extends it. */
    static final class ChangesItsMind extends Table {

        private final Map<Long, Boolean> said = new HashMap<>();

        ChangesItsMind(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            Row row = rows.get(lease.name());
            boolean expired = row == null || !isLive(row);
            return expired && said.put(lease.nonce(), true) == null ? Renewal.LOST : super.renew(lease, ttl);
        }
    }

    /** Puts the row back when it is gone. */
    static final class RenewingUpserts extends Table {
        RenewingUpserts(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            rows.putIfAbsent(lease.name(), new Row(lease.nonce(), 0));
            return super.renew(lease, ttl);
        }
    }

    static final class RenewingDoesNotExtend extends Table {
        RenewingDoesNotExtend(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            Row row = rows.get(lease.name());
            return row != null && row.nonce() == lease.nonce() ? Renewal.HELD : Renewal.LOST;
        }
    }

    static final class NeverExpires extends Table {
        NeverExpires(LongSupplier clock) {
            super(clock);
        }

        @Override
        boolean isLive(Row row) {
            return true;
        }
    }

    static final class ExpiresEarly extends Table {
        ExpiresEarly(LongSupplier clock) {
            super(clock);
        }

        @Override
        long expiry(Duration ttl) {
            return super.expiry(ttl.multipliedBy(9).dividedBy(10));
        }
    }

    static final class ExpiresLate extends Table {
        ExpiresLate(LongSupplier clock) {
            super(clock);
        }

        @Override
        long expiry(Duration ttl) {
            return super.expiry(ttl.multipliedBy(2));
        }
    }

    static final class GrantsTwice extends Table {

        private long granted;

        GrantsTwice(LongSupplier clock) {
            super(clock);
        }

        @Override
        boolean isLive(Row row) {
            return super.isLive(row) && granted++ % 2 == 1;
        }
    }

    /** One owner for all leases of a client: a host name, a thread's name. */
    static final class KnowsOnlyOneOwner extends Table {
        KnowsOnlyOneOwner(LongSupplier clock) {
            super(clock);
        }

        @Override
        long nextNonce() {
            return 1;
        }
    }

    /** The thread that has the name may have it again. */
    static final class IsReEntrant extends Table {

        private final Map<String, Long> threads = new HashMap<>();

        IsReEntrant(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Optional<Lease> tryAcquire(String name, Duration ttl) {
            Row row = rows.get(name);
            if (row != null && threads.get(name) == Thread.currentThread().getId()) {
                return Optional.of(new TableLease(this, name, row.nonce()));
            }
            Optional<Lease> lease = super.tryAcquire(name, ttl);
            lease.ifPresent(one -> threads.put(name, Thread.currentThread().getId()));
            return lease;
        }
    }

    static final class IsBoundToAThread extends Table {

        private final Map<Long, Thread> owners = new HashMap<>();

        IsBoundToAThread(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Optional<Lease> tryAcquire(String name, Duration ttl) {
            Optional<Lease> lease = super.tryAcquire(name, ttl);
            lease.ifPresent(one -> owners.put(((TableLease) one).nonce(), Thread.currentThread()));
            return lease;
        }

        @Override
        synchronized Renewal renew(TableLease lease, Duration ttl) {
            if (owners.get(lease.nonce()) != Thread.currentThread()) {
                throw new IllegalMonitorStateException("another thread's lease");
            }
            return super.renew(lease, ttl);
        }
    }

    static final class ARefusalExtends extends Table {
        ARefusalExtends(LongSupplier clock) {
            super(clock);
        }

        @Override
        void refused(String key, Row row, Duration ttl) {
            rows.put(key, new Row(row.nonce(), expiry(ttl)));
        }
    }

    static final class ReleasesOnlyOnce extends Table {
        ReleasesOnlyOnce(LongSupplier clock) {
            super(clock);
        }

        @Override
        synchronized void release(TableLease lease) {
            if (!rows.containsKey(lease.name())) {
                throw new IllegalStateException("not locked");
            }
            super.release(lease);
        }
    }

    static final class CutsNames extends Table {
        CutsNames(LongSupplier clock) {
            super(clock);
        }

        @Override
        String key(String name) {
            return name.substring(0, Math.min(64, name.length()));
        }
    }

    /** Reads the row, and takes it over in another statement that does not look again. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
    static final class TakesOverUnseen extends Table {
        TakesOverUnseen(LongSupplier clock) {
            super(clock);
        }

        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            synchronized (this) {
                Row row = rows.get(name);
                if (row == null || isLive(row)) {
                    return super.tryAcquire(name, ttl);
                }
            }
            LockSupport.parkNanos(200_000);
            synchronized (this) {
                rows.remove(name);
                return super.tryAcquire(name, ttl);
            }
        }
    }

    /** Gives back all when one is held. */
    static final class AcquiresAllOrNothing extends Table {
        AcquiresAllOrNothing(LongSupplier clock) {
            super(clock);
        }

        @Override
        public Map<String, Lease> tryAcquireAll(Collection<String> names, Duration ttl) {
            Map<String, Lease> acquired = super.tryAcquireAll(names, ttl);
            if (acquired.size() < names.size()) {
                releaseAll(acquired.values());
                return Map.of();
            }
            return acquired;
        }
    }

    /** Answers all of many renewals as it answered the first. */
    static final class RenewsAllAlike extends Table {
        RenewsAllAlike(LongSupplier clock) {
            super(clock);
        }

        @Override
        public Map<String, Renewal> renewAll(Collection<? extends Lease> leases, Duration ttl) {
            Map<String, Renewal> answers = super.renewAll(leases, ttl);
            boolean held = answers.containsValue(Renewal.HELD);
            answers.replaceAll((name, answer) -> held ? Renewal.HELD : Renewal.LOST);
            return answers;
        }
    }
}
