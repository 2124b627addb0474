package dev.kbmigrator.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;
import org.junit.jupiter.api.Test;

class ShedLockLockTest {

    private static final Duration TTL = Duration.ofMillis(300);

    private final ScriptedProvider provider = new ScriptedProvider();
    private final List<String> owners = new ArrayList<>();
    private long nanos = Long.MAX_VALUE - 1_000;
    private final ShedLockLock lock = new ShedLockLock(
            owner -> {
                owners.add(owner);
                return provider;
            },
            () -> nanos);

    private Lease acquire() {
        return lock.tryAcquire("partition-007", TTL).orElseThrow();
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    @Test
    void aProviderThatCannotExtendIsRefusedAtCreation() {
        LockProvider zooKeeper = configuration -> Optional.empty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ShedLockLock.create(zooKeeper))
                .withMessageContaining("cannot extend its locks")
                .withMessageContaining(zooKeeper.getClass().getName());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ShedLockLock.perAcquisition(owner -> zooKeeper))
                .withMessageContaining("cannot extend its locks");
    }

    @Test
    void theProviderThatStopsRenewingUnnoticedIsRefusedAtCreation() {
        ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
        try {
            KeepAliveLockProvider keepAlive = new KeepAliveLockProvider(provider, executor);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ShedLockLock.create(keepAlive))
                    .withMessageContaining("stops renewing at its first exception");
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void eachAcquisitionHasAnOwnerOfItsOwn() {
        acquire();
        acquire();
        lock.tryAcquire("partition-008", TTL);
        assertThat(owners).hasSize(3);
        assertThat(new HashSet<>(owners)).hasSize(3);
    }

    @Test
    void theStoreNeverExpiresALeaseBeforeItsTtlIsOver() {
        lock.tryAcquire("a", Duration.ofMillis(20));
        lock.tryAcquire("b", Duration.ofNanos(20_000_001));
        assertThat(provider.granted)
                .extracting(LockConfiguration::getLockAtMostFor)
                .containsExactly(Duration.ofMillis(21), Duration.ofMillis(22));
        assertThat(provider.granted)
                .extracting(LockConfiguration::getLockAtLeastFor)
                .containsOnly(Duration.ZERO);
    }

    @Test
    void aTtlBelowAMillisecondIsRefused() {
        Lease lease = acquire();
        assertThatIllegalArgumentException().isThrownBy(() -> lock.tryAcquire("a", Duration.ofNanos(999_999)));
        assertThatIllegalArgumentException().isThrownBy(() -> lease.renew(Duration.ZERO));
    }

    @Test
    void eachRenewalExtendsTheLockThatTheOneBeforeAnswered() {
        Lease lease = acquire();
        pass(Duration.ofMillis(200));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.HELD);
        pass(Duration.ofMillis(200));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.HELD);
        lease.release();
        assertThat(provider.calls)
                .containsExactly(
                        "extend 1 by 301 at least 0", "extend 2 by 301 at least 0", "extend 3 by 0 at least 0");
    }

    @Test
    void aReleaseNeverUsesUnlockWhichChecksNoOwner() {
        Lease lease = acquire();
        lease.release();
        lease.release();
        assertThat(provider.calls).containsExactly("extend 1 by 0 at least 0");
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
    }

    @Test
    void aRenewalThatTheStoreRefusesIsLostForEver() {
        Lease lease = acquire();
        provider.answersExtended = false;
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
        provider.answersExtended = true;
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
        lease.release();
        assertThat(provider.calls).hasSize(1);
    }

    @Test
    void anExceptionIsUnknownAndTheNextRenewalTriesAgain() {
        Lease lease = acquire();
        provider.duringExtend = () -> {
            throw new IllegalStateException("connection reset");
        };
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> lease.renew(TTL));
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(lease::release);
        provider.duringExtend = () -> {};
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.HELD);
        lease.release();
        assertThat(provider.calls).hasSize(4).last().isEqualTo("extend 2 by 0 at least 0");
    }

    @Test
    void aFailedRenewalDoesNotMoveTheDeadline() {
        Lease lease = acquire();
        pass(Duration.ofMillis(200));
        provider.duringExtend = () -> {
            throw new IllegalStateException("connection reset");
        };
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> lease.renew(TTL));
        provider.duringExtend = () -> {};
        pass(Duration.ofMillis(100));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
    }

    @Test
    void anExpiredLeaseTouchesNothing() {
        Lease renewed = acquire();
        Lease released = acquire();
        pass(TTL);
        assertThat(renewed.renew(TTL)).isEqualTo(Renewal.LOST);
        released.release();
        assertThat(provider.calls).isEmpty();
    }

    @Test
    void anAnswerThatComesAfterTheLeaseHasExpiredIsNotBelieved() {
        Lease lease = acquire();
        pass(Duration.ofMillis(100));
        provider.duringExtend = () -> pass(Duration.ofMillis(200));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
        provider.duringExtend = () -> {};
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
    }

    @Test
    void theDeadlineCountsFromBeforeTheRequestWasSent() {
        Lease lease = acquire();
        provider.duringExtend = () -> pass(Duration.ofMillis(200));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.HELD);
        provider.duringExtend = () -> {};
        pass(Duration.ofMillis(100));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.LOST);
    }
}
