package dev.kbmigrator.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What must hold when many threads compete for a name. Odd threads use the second client. */
@Checks(Rule.ONE_LEASE)
interface LockConcurrencyContract extends LockFixture {

    int CONTENDERS = 8;
    int NAMES = 20;

    @Test
    default void ofManyContendersForAFreeNameExactlyOneWins() throws Exception {
        for (int i = 0; i < NAMES; i++) {
            assertExactlyOneWins(name() + "-" + i);
        }
    }

    @Test
    default void ofManyContendersForAReleasedNameExactlyOneWins() throws Exception {
        for (int i = 0; i < NAMES; i++) {
            acquired(lock(), name() + "-" + i, LONG).release();
            assertExactlyOneWins(name() + "-" + i);
        }
    }

    @Test
    default void ofManyContendersForAnExpiredNameExactlyOneWins() throws Exception {
        List<Lease> expired = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            expired.add(acquired(lock(), name() + "-" + i, shortTtl()));
        }
        expireNow(expired.get(NAMES - 1));
        for (int i = 0; i < NAMES; i++) {
            assertExactlyOneWins(name() + "-" + i);
            assertThat(expired.get(i).renew(LONG))
                    .as("the renewal of a lease that expired and was taken over")
                    .isEqualTo(Renewal.LOST);
        }
    }

    /** A late owner renews while a contender tries to acquire the name. At most one of them may succeed. */
    @Test
    @Checks(Rule.OWNER)
    default void aLateRenewalAndAnAttemptNeverBothSucceed() throws Exception {
        List<Lease> expired = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            expired.add(acquired(lock(), name() + "-" + i, shortTtl()));
        }
        expireNow(expired.get(NAMES - 1));
        for (Lease late : expired) {
            Queue<String> owners = new ConcurrentLinkedQueue<>();
            Together.run(2, thread -> {
                if (thread == 0) {
                    if (late.renew(LONG) == Renewal.HELD) {
                        owners.add("the late owner");
                    }
                } else if (other().tryAcquire(late.name(), LONG).isPresent()) {
                    owners.add("the contender");
                }
            });
            assertThat(owners)
                    .as("those who own the name: the late owner, a contender, or none")
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    /** Each thread increments a counter under the lock, in two steps. Two threads at once would lose an increment. */
    @Test
    default void noUpdateMadeUnderTheLockIsLost() throws Exception {
        AtomicInteger counter = new AtomicInteger();
        Together.run(4, thread -> {
            Lock mine = thread % 2 == 0 ? lock() : other();
            long start = System.nanoTime();
            for (int done = 0; done < 25; ) {
                assertThat(System.nanoTime() - start)
                        .as("nanoseconds since the start")
                        .isLessThan(TimeUnit.SECONDS.toNanos(60));
                Optional<Lease> lease = mine.tryAcquire(name(), LONG);
                if (lease.isPresent()) {
                    int read = counter.get();
                    LockSupport.parkNanos(1_000);
                    counter.set(read + 1);
                    lease.get().release();
                    done++;
                } else {
                    LockSupport.parkNanos(50_000);
                }
            }
        });
        assertThat(counter)
                .as("the increments that were counted; two owners at once lose some")
                .hasValue(100);
    }

    private void assertExactlyOneWins(String contended) throws Exception {
        Queue<Lease> winners = new ConcurrentLinkedQueue<>();
        Together.run(
                CONTENDERS,
                thread -> (thread % 2 == 0 ? lock() : other())
                        .tryAcquire(contended, LONG)
                        .ifPresent(winners::add));
        assertThat(winners)
                .as("the leases of one name that contenders won at the same time")
                .hasSize(1);
        assertThat(winners.element().renew(LONG))
                .as("the renewal of the only winner's lease")
                .isEqualTo(Renewal.HELD);
    }
}
