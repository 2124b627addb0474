package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import java.time.Duration;

/** What the tests of every part of {@link LockContract} work with. */
interface LockFixture {

    /** The ttl of leases that must not expire during a test. */
    Duration LONG = Duration.ofMinutes(10);

    /**
     * Returns the lock under test.
     *
     * @return the lock
     */
    Lock lock();

    /**
     * Returns a second client of the same lock service, as another replica would have.
     *
     * @return a second client, or the lock itself
     */
    Lock other();

    /**
     * Returns a name for this test.
     *
     * @return a name that no other test uses
     */
    String name();

    /**
     * Returns the ttl of leases that expire during a test.
     *
     * @return the ttl
     */
    Duration shortTtl();

    /**
     * Returns a client of the same lock service on a host whose own clock is wrong. Skips the test if there is none.
     *
     * @param skew how far that host's clock is ahead; negative if it is behind
     * @return the client
     * @throws Exception if the client cannot be created
     */
    Lock skewedOrSkipped(Duration skew) throws Exception;

    /**
     * Returns a client of the same lock service that runs an action before each of its requests. Skips the test if there is
     * none.
     *
     * @param beforeEachRequest runs before each request; if it throws, the request is not sent and the call fails
     * @return the client
     * @throws Exception if the client cannot be created
     */
    Lock interposedOrSkipped(Runnable beforeEachRequest) throws Exception;

    /**
     * Makes a lease of {@link #lock()} expire without its owner's doing, and with it all others that have the short ttl.
     *
     * @param lease the lease
     * @throws Exception if the lease cannot be made to expire
     */
    void expireNow(Lease lease) throws Exception;

    /**
     * Acquires a name that is free.
     *
     * @param lock the client that acquires it
     * @param name the name
     * @param ttl how long the lease lives
     * @return the lease
     * @throws AssertionError if the name is not acquired
     */
    default Lease acquired(Lock lock, String name, Duration ttl) {
        return lock.tryAcquire(name, ttl)
                .orElseThrow(
                        () -> new AssertionError("the name " + name + " should be free, but could not be acquired"));
    }
}
