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

/** Leases in memory: the reference implementation of {@link Lock}. Safe for use by many threads. */
public final class MemoryLock implements Lock {

    private final LongSupplier clockMicros;
    private final Map<String, Entry> entries = new HashMap<>();
    private long lastNonce;

    private record Entry(long nonce, long expiresMicros) {}

    private MemoryLock(LongSupplier clockMicros) {
        this.clockMicros = clockMicros;
    }

    /**
     * A lock by the system's monotonic clock.
     *
     * @return the lock
     */
    public static MemoryLock create() {
        return new MemoryLock(() -> TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    }

    /**
     * A lock by another clock.
     *
     * @param clockMicros microseconds from any origin; never goes back
     * @return the lock
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
