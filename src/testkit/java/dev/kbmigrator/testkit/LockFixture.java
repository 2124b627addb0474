package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import java.time.Duration;

/** What each chapter of {@link LockContract} gets to work with. */
interface LockFixture {

    /** The ttl of leases that are not to expire during a test. */
    Duration LONG = Duration.ofMinutes(10);

    /**
     * The lock under test.
     *
     * @return the lock
     */
    Lock lock();

    /**
     * The same lock service, as another replica sees it.
     *
     * @return a second client, or the lock itself
     */
    Lock other();

    /**
     * A name for this test.
     *
     * @return a name that no other test uses
     */
    String name();

    /**
     * The ttl of leases that are to expire.
     *
     * @return the ttl
     */
    Duration shortTtl();

    /**
     * Lets a lease of {@link #lock()} end without its owner's doing, and with it all that have the short ttl.
     *
     * @param lease the lease
     * @throws Exception if it does not work
     */
    void expireNow(Lease lease) throws Exception;

    /**
     * Acquires a name that is free.
     *
     * @param lock the client
     * @param name what to lock
     * @param ttl for how long
     * @return the lease
     */
    default Lease acquired(Lock lock, String name, Duration ttl) {
        return lock.tryAcquire(name, ttl)
                .orElseThrow(() -> new AssertionError("the name " + name + " is free, but was not acquired"));
    }
}
