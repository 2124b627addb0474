package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A renewal that is under way while its lease is given back. */
class LeaseGivenBackTest {

    private static final String PARTITION = String.format("partition-%03d", Partitions.of("kb-0"));
    private static final Duration TTL = Duration.ofSeconds(4);

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final CountDownLatch renewing = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private final CountDownLatch answered = new CountDownLatch(1);

    /** The lock in memory, in which the renewal of the KB's partition takes until the lease has been released. */
    private final class SlowToRenew implements Lock {
        @Override
        public Optional<Lease> tryAcquire(String name, Duration ttl) {
            Optional<Lease> lease = fleet.lock.tryAcquire(name, ttl);
            return name.equals(PARTITION) ? lease.map(Slow::new) : lease;
        }
    }

    private final class Slow implements Lease {
        private final Lease lease;

        Slow(Lease lease) {
            this.lease = lease;
        }

        @Override
        public String name() {
            return lease.name();
        }

        @Override
        public Renewal renew(Duration ttl) {
            renewing.countDown();
            await(released);
            Renewal answer = lease.renew(ttl);
            answered.countDown();
            return answer;
        }

        @Override
        public void release() {
            lease.release();
            released.countDown();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aLeaseThatIsGivenBackWhileItIsRenewedIsNotLost() {
        KbMigration slow = KbMigration.of(1, "slow", (context, kbId) -> await(renewing));
        fleet.migrator(
                        builder ->
                                builder.storage(fleet.store, new SlowToRenew()).leaseTtl(TTL),
                        slow)
                .run();
        await(answered);
        MemoryFleet.await()
                .during(Duration.ofMillis(200))
                .untilAsserted(() -> assertThat(log.messages(Level.WARN)).isEmpty());
    }
}
