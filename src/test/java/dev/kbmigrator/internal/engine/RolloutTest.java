package dev.kbmigrator.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A fleet at version 1 whose versions 2 and 3 start only when every replica knows them. */
class RolloutTest {

    private static final Duration GRACE = Duration.ofMinutes(15);

    private static final GlobalState STATE = GlobalState.initial(0)
            .extended(List.of(
                    new MigrationInfo(1, "migration", true, false),
                    new MigrationInfo(2, "migration", true, false, true),
                    new MigrationInfo(3, "migration", true, false, true)))
            .reached(1);

    private static View view(GlobalState state, Catalog catalog, ReplicaState... replicas) {
        return Frozen.lookAt(state, catalog, Duration.ZERO, List.of(), List.of(replicas));
    }

    @Test
    void whoWasSeenWithinTheGraceAndDoesNotKnowTheVersionIsWaitedFor() {
        ReplicaState knows = Frozen.replica(2, Duration.ZERO);
        ReplicaState justInTime = Frozen.replica(1, GRACE);
        ReplicaState gone = Frozen.replica(0, GRACE.plusNanos(1_000));
        View view = view(STATE, Frozen.catalog(1, 2, 3), knows, justInTime, gone);
        assertThat(Rollout.missing(view, GRACE)).containsExactly(justInTime);
        assertThat(Rollout.isWaitedFor(view, GRACE)).isTrue();
        assertThat(Rollout.waitingFor(view, GRACE))
                .hasValue("0002_migration starts when every replica knows it; waiting for replica replica-1 on host"
                        + " (build build, version 1)");
    }

    @Test
    void whatIsOpenWaitsForNobody() {
        View view = view(STATE.opened(2), Frozen.catalog(1, 2, 3), Frozen.replica(1, Duration.ZERO));
        assertThat(Rollout.missing(view, GRACE)).isEmpty();
        assertThat(Rollout.isWaitedFor(view, GRACE)).isFalse();
    }

    @Test
    void aReplicaKnowsWhetherItKnowsWhatIsOpen() {
        assertThat(Rollout.openButUnknown(view(STATE, Frozen.catalog(1)))).isEmpty();
        assertThat(Rollout.openButUnknown(view(STATE.opened(2), Frozen.catalog(1))))
                .isPresent();
        assertThat(Rollout.openButUnknown(view(STATE.opened(2), Frozen.catalog(1, 2))))
                .isEmpty();
    }
}
