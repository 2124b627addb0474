package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Leases end by the service's clock: hosts whose own clocks are ahead or behind change nothing. */
@Checks(Rule.LOCK_CLOCK)
interface LockClockContract extends LockFixture {

    /** Longer than the longest ttl of these tests. */
    Duration SKEW = LONG.multipliedBy(2);

    @Test
    default void aHostWhoseClockIsAheadTakesNoLiveLease() throws Exception {
        Lock ahead = skewedOrSkipped(SKEW);
        Lease lease = acquired(lock(), name(), LONG);
        assertThat(ahead.tryAcquire(name(), LONG))
                .as("a second lease of a name that is held, for a host whose clock is %s ahead", SKEW)
                .isEmpty();
        assertThat(lease.renew(LONG)).as("the renewal of the live lease").isEqualTo(Renewal.HELD);
        assertThat(ahead.tryAcquire(name(), LONG))
                .as("a second lease of a name after a renewal, for a host whose clock is %s ahead", SKEW)
                .isEmpty();
    }

    @Test
    default void aLeaseOfAHostWhoseClockIsBehindLivesForItsTtl() throws Exception {
        Lock behind = skewedOrSkipped(SKEW.negated());
        Lease lease = acquired(behind, name(), LONG);
        assertThat(other().tryAcquire(name(), LONG))
                .as("a second lease of a name that is held by a host whose clock is %s behind", SKEW)
                .isEmpty();
        assertThat(lease.renew(LONG)).as("the renewal of the live lease").isEqualTo(Renewal.HELD);
        assertThat(other().tryAcquire(name(), LONG))
                .as("a second lease of a name after a renewal by a host whose clock is %s behind", SKEW)
                .isEmpty();
    }

    @Test
    default void aLeaseOfAHostWhoseClockIsAheadExpiresAfterItsTtl() throws Exception {
        Lock ahead = skewedOrSkipped(SKEW);
        String renewed = name() + "-renewed";
        acquired(ahead, name(), shortTtl());
        acquired(ahead, renewed, shortTtl()).renew(shortTtl());
        expireNow(acquired(lock(), name() + "-mark", shortTtl()));
        assertThat(other().tryAcquire(name(), LONG))
                .as("a name whose lease has expired, acquired by a host whose clock is %s ahead", SKEW)
                .isPresent();
        assertThat(other().tryAcquire(renewed, LONG))
                .as("a name whose lease has expired, renewed by a host whose clock is %s ahead", SKEW)
                .isPresent();
    }
}
