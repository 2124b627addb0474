package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;

/**
 * A lock that grants every name to every caller, and never reports a lease as lost. This is the worst that a lock service can
 * do: replicas do the same work at the same time, and only the state store's epochs protect the state.
 *
 * <p>Use it in a test with several replicas to show that no promise rests on the lock. It does not pass {@link LockContract},
 * on purpose. Safe for use by many threads.
 */
public final class AlwaysGrants implements Lock {

    /** Creates a lock that grants everything. */
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
