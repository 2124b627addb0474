package dev.kbmigrator.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldScopeTest {

    private static final long DEADLINE = 700;

    private final Lease lease = MemoryLock.create(() -> 0)
            .tryAcquire("partition-007", Duration.ofSeconds(30))
            .orElseThrow();
    private final List<HeldScope> lost = new ArrayList<>();
    private final HeldScope scope = new HeldScope(lease, new Epoch(7, 3), DEADLINE, lost::add);

    @Test
    void theNameOfItsLockFollowsFromItsNumber() {
        assertThat(HeldScope.lockName(0)).isEqualTo("partition-000");
        assertThat(HeldScope.lockName(7)).isEqualTo("partition-007");
        assertThat(HeldScope.lockName(255)).isEqualTo("partition-255");
        assertThat(HeldScope.lockName(Epoch.COORDINATOR)).isEqualTo("migrations");
    }

    @Test
    void itIsHeldByALeaseAndAnEpoch() {
        assertThat(scope.lease()).isSameAs(lease);
        assertThat(scope.epoch()).isEqualTo(new Epoch(7, 3));
        assertThat(scope.scope()).isEqualTo(7);
        assertThat(scope.isLost()).isFalse();
        assertThat(scope.lostBecause()).isEqualTo("it is held");
        assertThat(scope.isRenewing()).isTrue();
        assertThat(scope.mayBeReleased()).isTrue();
    }

    @Test
    void itIsOverAtItsDeadline() {
        assertThat(scope.deadline()).isEqualTo(DEADLINE);
        assertThat(scope.isOver(DEADLINE - 1)).isFalse();
        assertThat(scope.isOver(DEADLINE)).isTrue();
        assertThat(scope.isLost()).as("nobody has noticed yet").isFalse();
        scope.extend(DEADLINE + 1);
        assertThat(scope.isOver(DEADLINE)).isFalse();
        assertThat(scope.isOver(DEADLINE + 1)).isTrue();
    }

    /** The origin of monotonic time is arbitrary. */
    @Test
    void theClockMayOverflowBeforeTheDeadline() {
        HeldScope late = new HeldScope(lease, new Epoch(7, 3), Long.MIN_VALUE + 10, lost::add);
        assertThat(late.isOver(Long.MAX_VALUE)).isFalse();
        assertThat(late.isOver(Long.MIN_VALUE + 10)).isTrue();
    }

    @Test
    void itIsLostOnceAndTheFirstReasonStays() {
        assertThat(scope.markLost("the first reason")).isTrue();
        assertThat(scope.markLost("the second reason")).isFalse();
        assertThat(scope.isLost()).isTrue();
        assertThat(scope.lostBecause()).isEqualTo("the first reason");
        assertThat(lost).as("the owner is told by whoever marks it").isEmpty();
    }

    @Test
    void nothingMayStartUnderALostScopeNorIsItRenewed() {
        scope.markLost("the reason");
        assertThat(scope.isOver(DEADLINE - 1)).isTrue();
        assertThat(scope.isRenewing()).isFalse();
        assertThat(scope.mayBeReleased()).as("when it is quiet").isTrue();
    }

    @Test
    void theOwnerIsToldWhichScopeIsLost() {
        scope.tellOwner();
        assertThat(lost).containsExactly(scope);
    }

    @Test
    void aScopeLeftToExpireIsNeitherRenewedNorReleased() {
        scope.leaveToExpire();
        assertThat(scope.isRenewing()).isFalse();
        assertThat(scope.mayBeReleased()).isFalse();
        assertThat(scope.isLost()).isFalse();
        assertThat(scope.isOver(DEADLINE - 1)).isFalse();
    }
}
