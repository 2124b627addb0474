package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract of a {@link Lock} as executable tests. To test your own lock, extend this class and create the lock in
 * {@link #newLock()}:
 *
 * <pre>{@code
 * class AcmeLockTest extends LockContract {
 *     @Override
 *     protected Lock newLock() {
 *         return new AcmeLock(AcmeLockService.client());
 *     }
 *
 *     @Override
 *     protected Lock sharedWith(Lock lock) {
 *         return new AcmeLock(AcmeLockService.client());
 *     }
 * }
 * }</pre>
 *
 * <p>Each test uses its own names, so the service behind the lock need not be empty. The tests rely on JUnit Jupiter's default
 * life cycle, one instance per test method. Each test fails after 120 seconds.
 *
 * <p>How do leases expire during a test? They get the ttl that {@link #ttl()} returns, and the test then calls
 * {@link #passTime}. If your lock runs under a manual clock, override {@code passTime} and {@link #nanoTime()}. If its leases
 * live as long as a session, override {@link #expiresByTtl()} and {@link #expire}.
 */
@Timeout(120)
@ExtendWith(RuleInMessages.class)
@Checks(Rule.TTL)
public abstract class LockContract
        implements LeaseContract, ManyLeasesContract, LockConcurrencyContract, LockRequestContract, LockClockContract {

    /** More than the error that rounding of clocks can cause. */
    private static final Duration SLACK = Duration.ofMillis(50);

    /** How much earlier a lease may seem to expire because a clock is rounded to milliseconds. */
    private static final Duration ROUNDING = Duration.ofMillis(1);

    private Lock lock;
    private Lock other;
    private String name;

    /** Called by subclasses. */
    protected LockContract() {}

    /**
     * Creates the lock to test. Called once before each test.
     *
     * @return a lock
     * @throws Exception if the lock cannot be created; the test fails
     */
    protected abstract Lock newLock() throws Exception;

    /**
     * Creates a second client of the same lock service, as another replica would have. Called once before each test. By
     * default, returns the lock itself.
     *
     * @param lock the lock that {@link #newLock()} created
     * @return a lock over the same service
     * @throws Exception if the second client cannot be created; the test fails
     */
    protected Lock sharedWith(Lock lock) throws Exception {
        return lock;
    }

    /**
     * Returns the ttl of leases that expire during a test. It should be as short as the service allows, but long enough for a
     * few calls.
     *
     * @return the ttl; 300 ms by default
     */
    protected Duration ttl() {
        return Duration.ofMillis(300);
    }

    /**
     * Lets time pass by the lock service's clock. By default, blocks for that long. If your lock runs under a manual clock,
     * override this method to advance that clock instead.
     *
     * @param time the least time that must pass
     */
    protected void passTime(Duration time) {
        Waiting.forAtLeast(time);
    }

    /**
     * Reads the clock that {@link #passTime} advances. By default, reads the system's monotonic clock.
     *
     * @return nanoseconds since any origin
     */
    protected long nanoTime() {
        return System.nanoTime();
    }

    /**
     * Returns whether a lease that is not renewed expires once its ttl has passed, no sooner and hardly later. Override this
     * method to return false if leases end with a session instead. The tests of the time of expiry are then skipped.
     *
     * @return whether the ttl decides when a lease expires; true by default
     */
    protected boolean expiresByTtl() {
        return true;
    }

    /**
     * Makes a lease expire without its owner's doing. The lease comes from the lock that {@link #newLock()} created, has the
     * ttl {@link #ttl()}, and has not been renewed. By default, lets the ttl and another 50 ms pass.
     *
     * <p>If leases end with a session, override this method to end the session and to wait until the service has noticed. The
     * lock must be able to acquire names afterwards, under a new session.
     *
     * @param lease the lease
     * @throws Exception if the lease cannot be made to expire; the test fails
     */
    protected void expire(Lease lease) throws Exception {
        passTime(ttl().plus(SLACK));
    }

    /**
     * Creates a client of the same lock service, as a replica on a host whose clock is wrong would have it. By default, there is
     * none, and the tests that need it are skipped. A lock that takes the time from its service alone returns any other client.
     *
     * @param lock the lock that {@link #newLock()} created
     * @param skew how far that host's clock is ahead; negative if it is behind
     * @return the client; empty if the lock cannot be tested with wrong clocks
     * @throws Exception if the client cannot be created; the test fails
     */
    protected Optional<Lock> withSkewedClock(Lock lock, Duration skew) throws Exception {
        return Optional.empty();
    }

    /**
     * Creates a client of the same lock service that runs an action before each request that it sends to the service: a
     * statement, a command or a commit. The tests use it to let the client die between two requests, and to let others be
     * faster. By default, there is none, and these tests are skipped.
     *
     * @param lock the lock that {@link #newLock()} created
     * @param beforeEachRequest runs before each request, on the caller's thread; if it throws, the request must not be sent, and
     *     the call must fail with an exception
     * @return the client; empty if its requests cannot be intercepted
     * @throws Exception if the client cannot be created; the test fails
     */
    protected Optional<Lock> interposed(Lock lock, Runnable beforeEachRequest) throws Exception {
        return Optional.empty();
    }

    /**
     * Cleans up after each test. By default, does nothing.
     *
     * @param lock the lock that {@link #newLock()} created for the test
     * @throws Exception if the cleanup fails; the test fails
     */
    protected void cleanUp(Lock lock) throws Exception {}

    @BeforeEach
    final void makeLock() throws Exception {
        lock = newLock();
        other = sharedWith(lock);
        name = "test-" + UUID.randomUUID();
    }

    @AfterEach
    final void cleanUpLock() throws Exception {
        if (lock != null) {
            cleanUp(lock);
        }
    }

    /**
     * Returns the lock under test, for your own additional tests.
     *
     * @return the lock that {@link #newLock()} created for this test
     */
    @Override
    public final Lock lock() {
        return lock;
    }

    /**
     * Returns the second client, for your own additional tests.
     *
     * @return the lock that {@link #sharedWith} created for this test
     */
    @Override
    public final Lock other() {
        return other;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final Duration shortTtl() {
        return ttl();
    }

    @Override
    public final Lock skewedOrSkipped(Duration skew) throws Exception {
        return withSkewedClock(lock, skew)
                .orElseGet(() -> Assumptions.abort(
                        "not tested: " + Rule.LOCK_CLOCK + ". To test it, override withSkewedClock()"));
    }

    @Override
    public final Lock interposedOrSkipped(Runnable beforeEachRequest) throws Exception {
        return interposed(lock, beforeEachRequest)
                .orElseGet(
                        () -> Assumptions.abort(
                                "not tested: what happens between the requests of one call. To test it, override interposed()"));
    }

    @Override
    public final void expireNow(Lease lease) throws Exception {
        expire(lease);
    }

    /** No lease expires before the instant at which the caller sent the request, plus the ttl. */
    @Test
    void noLeaseExpiresBeforeItsTtl() {
        assumeThat(expiresByTtl()).as("leases expire after their ttl").isTrue();
        long sent = nanoTime();
        acquired(lock, name, ttl());
        while (other.tryAcquire(name, LONG).isEmpty()) {
            assertThat(nanoTime() - sent)
                    .as("nanoseconds since the lease was acquired, which should expire")
                    .isLessThan(ttl().multipliedBy(20).toNanos());
            passTime(ttl().dividedBy(100));
        }
        assertThat(nanoTime() - sent)
                .as("nanoseconds until another client acquired the name")
                .isGreaterThanOrEqualTo(ttl().minus(ROUNDING).toNanos());
    }

    /** The same holds for a renewal. A lock may also keep the rest of a longer ttl from before. */
    @Test
    void aRenewedLeaseDoesNotExpireBeforeItsNewTtl() {
        assumeThat(expiresByTtl()).as("leases expire after their ttl").isTrue();
        Lease lease = acquired(lock, name, LONG);
        long sent = nanoTime();
        assertThat(lease.renew(ttl())).as("a renewal of a live lease").isEqualTo(Renewal.HELD);
        boolean taken = false;
        while (!taken && nanoTime() - sent < ttl().multipliedBy(2).toNanos()) {
            passTime(ttl().dividedBy(100));
            taken = other.tryAcquire(name, LONG).isPresent();
        }
        if (taken) {
            assertThat(nanoTime() - sent)
                    .as("nanoseconds until another client acquired the name after the renewal")
                    .isGreaterThanOrEqualTo(ttl().minus(ROUNDING).toNanos());
        } else {
            assertThat(lease.renew(LONG))
                    .as("the renewal of a lease that nobody took over")
                    .isEqualTo(Renewal.HELD);
        }
    }

    /** The lease outlives the ttl that it was acquired with. */
    @Test
    void aRenewalExtendsTheLease() {
        assumeThat(expiresByTtl()).as("leases expire after their ttl").isTrue();
        String renewed = renewedInTime();
        passTime(ttl().plus(SLACK));
        assertThat(other.tryAcquire(renewed, LONG))
                .as("a lease of a name whose lease was renewed in time")
                .isEmpty();
    }

    @Test
    void anExpiredLeaseThatWasRenewedInTimeExpiresAllTheSame() {
        assumeThat(expiresByTtl()).as("leases expire after their ttl").isTrue();
        Lease lease = acquired(lock, name, ttl());
        lease.renew(ttl());
        passTime(ttl().plus(SLACK));
        assertThat(other.tryAcquire(name, LONG))
                .as("a lease of a name whose renewed lease has expired")
                .isPresent();
        assertThat(lease.renew(LONG))
                .as("the renewal of a lease that expired and was taken over")
                .isEqualTo(Renewal.LOST);
    }

    @Test
    void aLeaseOfOneMillisecondIsALease() {
        assumeThat(expiresByTtl()).as("leases expire after their ttl").isTrue();
        assertThat(lock.tryAcquire(name, Duration.ofMillis(1)))
                .as("a lease of a free name for one millisecond")
                .isPresent();
        passTime(SLACK);
        assertThat(other.tryAcquire(name, LONG))
                .as("a lease of a name whose lease of one millisecond has expired")
                .isPresent();
    }

    /** Returns a name renewed before its ttl ended. If the machine stalls longer than the ttl, the next name is tried. */
    private String renewedInTime() {
        for (int i = 0; i < 20; i++) {
            String each = name + "-" + i;
            long sent = nanoTime();
            Lease lease = acquired(lock, each, ttl());
            Renewal renewal = lease.renew(LONG);
            if (nanoTime() - sent < ttl().toNanos()) {
                assertThat(renewal).as("a renewal before the ttl had passed").isEqualTo(Renewal.HELD);
                return each;
            }
        }
        throw new AssertionError("in 20 of 20 attempts, two calls took longer than the ttl of " + ttl()
                + "; override ttl() to return a longer one");
    }
}
