package dev.kbmigrator.memory;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A lock in memory: the reference implementation of {@link Lock}, for replicas that share one JVM. One monitor guards all
 * leases and makes each call on a single name or lease atomic. Safe for use by many threads.
 */
public final class MemoryLock implements Lock {

    private final LongSupplier clockMicros;
    private final Map<String, Entry> entries = new HashMap<>();
    private long lastNonce;

    private record Entry(long nonce, long expiresMicros) {}

    private MemoryLock(LongSupplier clockMicros) {
        this.clockMicros = clockMicros;
    }

    /**
     * Creates a lock whose leases expire by the system's monotonic clock.
     *
     * @return a lock on which nothing is held
     */
    public static MemoryLock create() {
        return new MemoryLock(() -> TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    }

    /**
     * Creates a lock whose leases expire by the given clock.
     *
     * @param clockMicros returns microseconds since any origin, and never goes back
     * @return a lock on which nothing is held
     */
    public static MemoryLock create(LongSupplier clockMicros) {
        return new MemoryLock(clockMicros);
    }

    @Override
    public synchronized Optional<Lease> tryAcquire(String name, Duration ttl) {
        long now = clockMicros.getAsLong();
        Entry entry = entries.get(name);
        if (entry != null && entry.expiresMicros() > now) {
            return Optional.empty();
        }
        long nonce = ++lastNonce;
        entries.put(name, new Entry(nonce, now + micros(ttl)));
        return Optional.of(new MemoryLease(name, nonce));
    }

    private synchronized Renewal renew(String name, long nonce, Duration ttl) {
        Entry entry = entries.get(name);
        if (entry == null || entry.nonce() != nonce) {
            return Renewal.LOST;
        }
        entries.put(name, new Entry(nonce, clockMicros.getAsLong() + micros(ttl)));
        return Renewal.HELD;
    }

    private synchronized void release(String name, long nonce) {
        Entry entry = entries.get(name);
        if (entry != null && entry.nonce() == nonce) {
            entries.remove(name);
        }
    }

    private static long micros(Duration ttl) {
        return TimeUnit.NANOSECONDS.toMicros(ttl.toNanos());
    }

    private final class MemoryLease implements Lease {

        private final String name;
        private final long nonce;

        private MemoryLease(String name, long nonce) {
            this.name = name;
            this.nonce = nonce;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Renewal renew(Duration ttl) {
            return MemoryLock.this.renew(name, nonce, ttl);
        }

        @Override
        public void release() {
            MemoryLock.this.release(name, nonce);
        }
    }
}
