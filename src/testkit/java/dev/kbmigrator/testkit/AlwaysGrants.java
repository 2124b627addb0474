package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;

/**
 * A lock that grants everything to everybody, and that nobody ever loses: the worst that a lock service can do. Under it
 * replicas do the same work at the same time, and the state store's epochs alone keep the truth; a test with several
 * replicas over it shows that no promise rests on the lock. It fails {@link LockContract}, of course. Safe for use by many
 * threads.
 */
public final class AlwaysGrants implements Lock {

    /** A lock that grants everything. */
    public AlwaysGrants() {}

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        return Optional.of(new Granted(name));
    }

    private record Granted(String name) implements Lease {

        @Override
        public Renewal renew(Duration ttl) {
            return Renewal.HELD;
        }

        @Override
        public void release() {}
    }
}
