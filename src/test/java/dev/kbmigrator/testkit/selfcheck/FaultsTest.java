package dev.kbmigrator.testkit.selfcheck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Renewal;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.testkit.Faults;
import dev.kbmigrator.testkit.Faults.Call;
import dev.kbmigrator.testkit.Faults.InjectedFault;
import dev.kbmigrator.testkit.FaultyLock;
import dev.kbmigrator.testkit.FaultyStateStore;
import dev.kbmigrator.testkit.ManualTicker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The helpers of the kit: faults and time. */
class FaultsTest {

    private static final Duration TTL = Duration.ofSeconds(10);

    private final ManualTicker ticker = new ManualTicker();
    private final Faults faults = new Faults();
    private final StateStore real = new MemoryStateStore(ticker);
    private final StateStore store = new FaultyStateStore(real, faults);
    private final Lock realLock = MemoryLock.create(ticker);
    private final Lock lock = new FaultyLock(realLock, faults);

    @Test
    void aCallThatFailsBeforeHasNoEffect() {
        faults.failBefore(Call.of("enroll"));
        assertThatThrownBy(() -> store.enroll(Set.of("kb"), 1)).isInstanceOf(InjectedFault.class);
        assertThat(store.count(Long.MAX_VALUE)).isZero();
    }

    @Test
    void aCallWhoseAnswerIsLostHasItsEffect() {
        faults.loseAnswer(Call.of("enroll"));
        assertThatThrownBy(() -> store.enroll(Set.of("kb"), 1))
                .isInstanceOf(InjectedFault.class)
                .hasMessageContaining("enroll");
        assertThat(store.count(Long.MAX_VALUE)).isEqualTo(1);
    }

    @Test
    void faultsAreChosenByNumberAndByMethod() {
        faults.failBefore(Call.of("enroll", "remove").and(Call.every(3)));
        List<Integer> failed = new ArrayList<>();
        for (int i = 1; i <= 7; i++) {
            String kbId = "kb-" + i;
            store.count(0);
            try {
                store.enroll(Set.of(kbId), 1);
            } catch (InjectedFault e) {
                failed.add(i);
            }
        }
        assertThat(failed).containsExactly(3, 6);
        assertThat(faults.calls("enroll")).isEqualTo(7);
        assertThat(faults.calls("remove")).isZero();
    }

    @Test
    void everyNthCallNeedsAnN() {
        assertThatIllegalArgumentException().isThrownBy(() -> Call.every(0));
    }

    @Test
    void hooksRunBeforeEachCallUntilTheyAreCleared() {
        List<String> seen = new ArrayList<>();
        faults.beforeEach(call -> seen.add(call.method() + " " + call.number()));
        store.remove(Set.of("kb"));
        store.forgetReplica("r");
        store.remove(Set.of("kb"));
        assertThat(store.maxBatch()).isEqualTo(real.maxBatch());
        faults.clear();
        store.remove(Set.of("kb"));
        assertThat(seen).containsExactly("remove 1", "forgetReplica 1", "remove 2");
    }

    @Test
    void aLeaseWhoseAcquisitionWasLostIsHeldByNobodyThatKnows() {
        faults.loseAnswer(Call.of("tryAcquire"));
        assertThatThrownBy(() -> lock.tryAcquire("name", TTL)).isInstanceOf(InjectedFault.class);
        assertThat(realLock.tryAcquire("name", TTL)).isEmpty();
        ticker.advance(TTL);
        assertThat(realLock.tryAcquire("name", TTL)).isPresent();
    }

    @Test
    void leasesGoWrongToo() {
        Lease lease = lock.tryAcquire("name", TTL).orElseThrow();
        faults.failBefore(Call.of("renew").and(Call.every(2))).loseAnswer(Call.of("release"));
        assertThat(lease.renew(TTL)).isEqualTo(Renewal.HELD);
        assertThatThrownBy(() -> lease.renew(TTL)).isInstanceOf(InjectedFault.class);
        assertThatThrownBy(lease::release).isInstanceOf(InjectedFault.class);
        assertThat(realLock.tryAcquire("name", TTL)).as("released all the same").isPresent();
    }

    @Test
    void manyLeasesGoThroughTheRealLockAtOnce() {
        Map<String, Lease> leases = lock.tryAcquireAll(List.of("a", "b"), TTL);
        assertThat(lock.renewAll(leases.values(), TTL)).hasSize(2);
        lock.releaseAll(leases.values());
        assertThat(faults.calls("tryAcquireAll")).isEqualTo(1);
        assertThat(faults.calls("renewAll")).isEqualTo(1);
        assertThat(faults.calls("releaseAll")).isEqualTo(1);
        assertThat(faults.calls("tryAcquire") + faults.calls("renew") + faults.calls("release"))
                .isZero();
    }

    @Test
    void theManualClockMovesOnlyForward() {
        ManualTicker clock = new ManualTicker(Instant.ofEpochSecond(2));
        assertThat(clock.getAsLong()).isEqualTo(2_000_000);
        clock.advance(Duration.ofMillis(3));
        assertThat(clock.getAsLong()).isEqualTo(2_003_000);
        assertThatIllegalArgumentException().isThrownBy(() -> clock.advance(Duration.ofMillis(-1)));
    }
}
