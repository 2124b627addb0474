package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of a {@link Lock}, as tests. Whoever implements a lock extends this class in the tests and says how to make
 * one:
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
 * <p>Each test uses names of its own, so the service behind the lock need not be empty. The tests expect JUnit Jupiter's
 * usual life cycle, an instance a test.
 *
 * <p>Time: leases that are to expire get the ttl {@link #ttl()}, and the tests then call {@link #passTime}; a lock under a
 * manual clock overrides {@code passTime} and {@link #nanoTime()}. A lock whose leases live as long as a session overrides
 * {@link #expiresByTtl()} and {@link #expire}.
 */
@Timeout(120)
public abstract class LockContract implements LeaseContract, ManyLeasesContract, LockConcurrencyContract {

    /** More than clocks are rounded by. */
    private static final Duration SLACK = Duration.ofMillis(50);

    /** What the rounding of a clock to the millisecond may take off a ttl. */
    private static final Duration ROUNDING = Duration.ofMillis(1);

    private Lock lock;
    private Lock other;
    private String name;

    /** For subclasses. */
    protected LockContract() {}

    /**
     * Makes the lock to test; called once before each test.
     *
     * @return a lock
     * @throws Exception if it cannot be made; the test fails
     */
    protected abstract Lock newLock() throws Exception;

    /**
     * Makes a second client of the same lock service, as another replica would have. Called once before each test. By default
     * it is the lock itself.
     *
     * @param lock what {@link #newLock()} made
     * @return a lock over the same service
     * @throws Exception if it cannot be made; the test fails
     */
    protected Lock sharedWith(Lock lock) throws Exception {
        return lock;
    }

    /**
     * The ttl of leases that are to expire: as short as the service allows, and long enough for a few calls. 300 ms by
     * default.
     *
     * @return the ttl
     */
    protected Duration ttl() {
        return Duration.ofMillis(300);
    }

    /**
     * Lets time pass by the service's clock. By default it really waits; a lock under a manual clock moves that.
     *
     * @param time at least how much
     */
    protected void passTime(Duration time) {
        Waiting.forAtLeast(time);
    }

    /**
     * Reads the clock that {@link #passTime} moves. By default the system's monotonic clock.
     *
     * @return nanoseconds from any origin
     */
    protected long nanoTime() {
        return System.nanoTime();
    }

    /**
     * Whether a lease that is not renewed ends when its ttl is over, no sooner and hardly later. Not so for a lock whose
     * leases end with a session; the tests of the instant of expiry are skipped then. True by default.
     *
     * @return whether the ttl decides
     */
    protected boolean expiresByTtl() {
        return true;
    }

    /**
     * Brings a lease, acquired for {@link #ttl()} from {@link #newLock()}'s lock and not renewed, to its end without its
     * owner's doing. By default it lets the ttl pass, and 50 ms; a lock whose leases end with a session ends the session, and
     * waits until the service knows. The lock must be able to acquire names afterwards, under a new session.
     *
     * @param lease the lease
     * @throws Exception if it does not work; the test fails
     */
    protected void expire(Lease lease) throws Exception {
        passTime(ttl().plus(SLACK));
    }

    /**
     * Called after each test, with the lock made for it. Does nothing by default.
     *
     * @param lock what {@link #newLock()} made
     * @throws Exception if it does not work; the test fails
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
     * The lock under test, for tests of the host's own.
     *
     * @return what {@link #newLock()} made for this test
     */
    @Override
    public final Lock lock() {
        return lock;
    }

    /**
     * The second client, for tests of the host's own.
     *
     * @return what {@link #sharedWith} made for this test
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
    public final void expireNow(Lease lease) throws Exception {
        expire(lease);
    }

    /** A lease expires never earlier than the instant at which the caller sent the request plus the ttl. */
    @Test
    void noLeaseExpiresBeforeItsTtl() {
        assumeThat(expiresByTtl()).as("leases expire by their ttl").isTrue();
        long sent = nanoTime();
        acquired(lock, name, ttl());
        while (other.tryAcquire(name, LONG).isEmpty()) {
            assertThat(nanoTime() - sent).isLessThan(ttl().multipliedBy(20).toNanos());
            passTime(ttl().dividedBy(100));
        }
        assertThat(nanoTime() - sent)
                .as("nanoseconds until another got the name")
                .isGreaterThanOrEqualTo(ttl().minus(ROUNDING).toNanos());
    }

    /** The same for a renewal; a lock may also keep what is left of the longer ttl before. */
    @Test
    void aRenewedLeaseDoesNotExpireBeforeItsNewTtl() {
        assumeThat(expiresByTtl()).as("leases expire by their ttl").isTrue();
        Lease lease = acquired(lock, name, LONG);
        long sent = nanoTime();
        assertThat(lease.renew(ttl())).isEqualTo(Renewal.HELD);
        boolean taken = false;
        while (!taken && nanoTime() - sent < ttl().multipliedBy(2).toNanos()) {
            passTime(ttl().dividedBy(100));
            taken = other.tryAcquire(name, LONG).isPresent();
        }
        if (taken) {
            assertThat(nanoTime() - sent)
                    .isGreaterThanOrEqualTo(ttl().minus(ROUNDING).toNanos());
        } else {
            assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
        }
    }

    /** The lease outlives the ttl that it was acquired with. */
    @Test
    void aRenewalExtendsTheLease() {
        assumeThat(expiresByTtl()).as("leases expire by their ttl").isTrue();
        String renewed = renewedInTime();
        passTime(ttl().plus(SLACK));
        assertThat(other.tryAcquire(renewed, LONG)).isEmpty();
    }

    @Test
    void anExpiredLeaseThatWasRenewedInTimeExpiresAllTheSame() {
        assumeThat(expiresByTtl()).as("leases expire by their ttl").isTrue();
        Lease lease = acquired(lock, name, ttl());
        lease.renew(ttl());
        passTime(ttl().plus(SLACK));
        assertThat(other.tryAcquire(name, LONG)).isPresent();
        assertThat(lease.renew(LONG)).isEqualTo(Renewal.LOST);
    }

    @Test
    void aLeaseOfOneMillisecondIsALease() {
        assumeThat(expiresByTtl()).as("leases expire by their ttl").isTrue();
        assertThat(lock.tryAcquire(name, Duration.ofMillis(1))).isPresent();
        passTime(SLACK);
        assertThat(other.tryAcquire(name, LONG)).isPresent();
    }

    /** A machine that is held up for longer than the ttl between two calls proves nothing: then another name is tried. */
    private String renewedInTime() {
        for (int i = 0; i < 20; i++) {
            String each = name + "-" + i;
            long sent = nanoTime();
            Lease lease = acquired(lock, each, ttl());
            Renewal renewal = lease.renew(LONG);
            if (nanoTime() - sent < ttl().toNanos()) {
                assertThat(renewal).as("renewed before the ttl was over").isEqualTo(Renewal.HELD);
                return each;
            }
        }
        throw new AssertionError("20 times, two calls took longer than the ttl of " + ttl() + ": override ttl()");
    }
}
