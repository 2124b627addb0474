package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A fleet at version 1 whose versions 2 and 3 start only when every replica knows them. */
class FullRolloutTest {

    private static final Duration GRACE = Duration.ofMinutes(15);

    private static final FleetState STATE = FleetState.initial(0)
            .extended(List.of(
                    new MigrationInfo(1, "migration", true, false),
                    new MigrationInfo(2, "migration", true, false, true),
                    new MigrationInfo(3, "migration", true, false, true)))
            .reached(1);

    private static FleetView view(FleetState state, MigrationCatalog catalog, ReplicaState... replicas) {
        return FrozenEnvironment.lookAt(state, catalog, Duration.ZERO, List.of(), List.of(replicas));
    }

    @Test
    void replicasSeenWithinTheGraceThatLackItAreWaitedFor() {
        ReplicaState knows = FrozenEnvironment.replica(2, Duration.ZERO);
        ReplicaState justInTime = FrozenEnvironment.replica(1, GRACE);
        ReplicaState gone = FrozenEnvironment.replica(0, GRACE.plusNanos(1_000));
        FleetView view = view(STATE, FrozenEnvironment.catalog(1, 2, 3), knows, justInTime, gone);
        assertThat(FullRollout.missing(view, GRACE)).containsExactly(justInTime);
        assertThat(FullRollout.isWaitedFor(view, GRACE)).isTrue();
        assertThat(FullRollout.waitingFor(view, GRACE))
                .hasValue("0002_migration starts when every replica knows it; waiting for replica replica-1 on node"
                        + " (build build, version 1)");
    }

    private static List<ReplicaState> missing(ReplicaState replica, Duration unseenFor) {
        FleetView shown = view(STATE, FrozenEnvironment.catalog(1, 2, 3), replica);
        FleetView view = FleetView.of(
                shown.snapshot(),
                0,
                FrozenEnvironment.reader(FrozenEnvironment.catalog(1, 2, 3)),
                Map.of(replica.replicaId(), unseenFor.toNanos()));
        return FullRollout.missing(view, GRACE);
    }

    @Test
    void onlyWhoIsSilentByBothClocksIsGone() {
        Duration longer = GRACE.plusSeconds(1);
        ReplicaState silent = FrozenEnvironment.replica(1, longer);
        ReplicaState recent = FrozenEnvironment.replica(1, Duration.ZERO);
        ReplicaState ahead = FrozenEnvironment.replica(1, longer.negated());
        assertThat(missing(silent, longer)).isEmpty();
        assertThat(missing(silent, GRACE))
                .as("the store's clock has jumped ahead")
                .hasSize(1);
        assertThat(missing(recent, longer)).as("it has just come back").hasSize(1);
        assertThat(missing(ahead, longer))
                .as("the store's clock has gone back since")
                .isEmpty();
        assertThat(missing(ahead, Duration.ZERO))
                .as("it may be alive all the same")
                .hasSize(1);
    }

    @Test
    void aStageThatIsOpenWaitsForNobody() {
        FleetView view =
                view(STATE.opened(2), FrozenEnvironment.catalog(1, 2, 3), FrozenEnvironment.replica(1, Duration.ZERO));
        assertThat(FullRollout.missing(view, GRACE)).isEmpty();
        assertThat(FullRollout.isWaitedFor(view, GRACE)).isFalse();
    }

    @Test
    void aReplicaNoticesAStartedRolloutThatItLacks() {
        assertThat(FullRollout.startedButUnknown(view(STATE, FrozenEnvironment.catalog(1))))
                .isEmpty();
        assertThat(FullRollout.startedButUnknown(view(STATE.opened(2), FrozenEnvironment.catalog(1))))
                .isPresent();
        assertThat(FullRollout.startedButUnknown(view(STATE.opened(2), FrozenEnvironment.catalog(1, 2))))
                .isEmpty();
    }
}
