package com.acme.kb;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Leases in one map: each change of a name is one atomic step, and each lease is its own nonce. */
public final class AcmeLock implements Lock {

    private final Map<String, AcmeLease> live = new ConcurrentHashMap<>();

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        AcmeLease mine = new AcmeLease(name);
        AcmeLease holder = live.compute(name, (key, other) -> {
            if (other != null && other.until - System.nanoTime() > 0) {
                return other;
            }
            mine.until = System.nanoTime() + ttl.toNanos();
            return mine;
        });
        return holder == mine ? Optional.of(mine) : Optional.empty();
    }

    private final class AcmeLease implements Lease {

        private final String name;
        private volatile long until;

        private AcmeLease(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Renewal renew(Duration ttl) {
            AcmeLease holder = live.computeIfPresent(name, (key, other) -> {
                if (other == this) {
                    until = System.nanoTime() + ttl.toNanos();
                }
                return other;
            });
            return holder == this ? Renewal.HELD : Renewal.LOST;
        }

        @Override
        public void release() {
            live.remove(name, this);
        }
    }
}
