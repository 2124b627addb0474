package dev.kbmigrator.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a holder that is too late must not do, against a real provider; both locks are in one process, so of one host. */
abstract class LateHolders {

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofMinutes(1);

    abstract Lock newLock();

    @Test
    void aLateHolderNeitherRenewsNorEndsTheLeaseOfTheNext() {
        Lock first = newLock();
        Lock second = newLock();
        Lease late = first.tryAcquire("migrations", SHORT).orElseThrow();
        Lease next = await().pollInterval(Duration.ofMillis(5))
                .until(() -> second.tryAcquire("migrations", LONG), Optional::isPresent)
                .orElseThrow();
        assertThat(late.renew(LONG)).isEqualTo(Renewal.LOST);
        late.release();
        assertThat(first.tryAcquire("migrations", LONG)).isEmpty();
        assertThat(next.renew(LONG)).isEqualTo(Renewal.HELD);
        next.release();
        next.release();
        assertThat(first.tryAcquire("migrations", LONG)).isPresent();
    }

    @Test
    void aLeaseThatWasReleasedStaysOverWhenTheSameLockTakesTheNameAgain() {
        Lock lock = newLock();
        Lease before = lock.tryAcquire("partition-001", LONG).orElseThrow();
        before.release();
        Lease after = lock.tryAcquire("partition-001", LONG).orElseThrow();
        assertThat(before.renew(LONG)).isEqualTo(Renewal.LOST);
        before.release();
        assertThat(after.renew(LONG)).isEqualTo(Renewal.HELD);
        assertThat(lock.tryAcquire("partition-001", LONG)).isEmpty();
    }

    @Test
    void aReleaseGivesTheNameBackAtOnceHoweverOftenItWasRenewed() {
        Lock lock = newLock();
        for (int round = 0; round < 20; round++) {
            Lease lease = lock.tryAcquire("partition-002", LONG).orElseThrow();
            assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
            assertThat(lease.renew(LONG)).isEqualTo(Renewal.HELD);
            assertThat(newLock().tryAcquire("partition-002", LONG)).isEmpty();
            lease.release();
        }
    }
}
