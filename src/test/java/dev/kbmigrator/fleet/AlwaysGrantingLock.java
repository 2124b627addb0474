package dev.kbmigrator.fleet;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;

/** A lock service that grants everything to everyone. */
final class AlwaysGrantingLock implements Lock {

    private record Granted(String name) implements Lease {
        @Override
        public Renewal renew(Duration ttl) {
            return Renewal.HELD;
        }

        @Override
        public void release() {}
    }

    @Override
    public Optional<Lease> tryAcquire(String name, Duration ttl) {
        return Optional.of(new Granted(name));
    }
}
