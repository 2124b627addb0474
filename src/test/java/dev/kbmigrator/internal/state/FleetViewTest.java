package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one look at a fleet of four KB migrations means. */
class FleetViewTest {

    private static final Duration RECENTLY = Duration.ofSeconds(10);

    private static MigrationInfo info(long version) {
        return new MigrationInfo(version, "migration", true, false);
    }

    /** A fleet that has reached {@code current}, on its way to version 4. */
    private static FleetView view(
            long current, MigrationCatalog catalog, List<KbRecordCount> counts, List<ReplicaState> replicas) {
        FleetState state = FleetState.initial(0)
                .extended(List.of(info(1), info(2), info(3), info(4)))
                .reached(current);
        return FrozenEnvironment.lookAt(state, catalog, Duration.ZERO, counts, replicas);
    }

    @Test
    void onlyRecordsUpToAVersionFailBelowIt() {
        FleetView view = view(
                2,
                FrozenEnvironment.catalog(1, 2, 3, 4),
                List.of(new KbRecordCount(0, 2, 1, 2, 4, 0, 2), new KbRecordCount(0, 3, 8, 16, 32, 0, 5)),
                List.of());
        assertThat(view.recordedBelow(1)).isZero();
        assertThat(view.recordedBelow(2)).isEqualTo(1 + 2);
        assertThat(view.recordedBelow(3)).isEqualTo(1 + 2 + 8 + 16);
        assertThat(view.allKbsReached(1)).isTrue();
        assertThat(view.allKbsReached(2)).isFalse();
    }

    @Test
    void theNextAttemptIsOneThatThisReplicaMayMake() {
        KbRecordCount first = new KbRecordCount(0, 2, 0, 1, 0, 700, 1);
        KbRecordCount beyond = new KbRecordCount(0, 3, 0, 1, 0, 500, 1);
        assertThat(view(2, FrozenEnvironment.catalog(1, 2), List.of(first, beyond), List.of())
                        .nextDueMicros())
                .isEqualTo(700);
        assertThat(view(2, FrozenEnvironment.catalog(1, 2), List.of(beyond), List.of())
                        .nextDueMicros())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theStoresClockContinuesAfterTheLook() {
        FleetView view = view(2, FrozenEnvironment.catalog(1, 2), List.of(), List.of());
        assertThat(view.storeMicrosAt(0)).isEqualTo(FrozenEnvironment.STORE_MICROS);
        assertThat(view.storeMicrosAt(3_000_000_000L)).isEqualTo(FrozenEnvironment.STORE_MICROS + 3_000_000);
    }

    @Test
    void knowingPartOfAStageIsEnoughWhileNobodyKnowsMore() {
        MigrationCatalog part = FrozenEnvironment.catalog(1, 2, 3);
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(3, Duration.ZERO)))
                        .canCoordinate(part, RECENTLY))
                .isTrue();
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(4, RECENTLY)))
                        .canCoordinate(part, RECENTLY))
                .as("one that was seen just in time")
                .isFalse();
        assertThat(view(2, part, List.of(), List.of(FrozenEnvironment.replica(4, RECENTLY.plusNanos(1_000))))
                        .canCoordinate(part, RECENTLY))
                .as("one that was not seen recently")
                .isTrue();
    }

    @Test
    void aGapInTheStageOrNoStageMeansNoCoordinator() {
        MigrationCatalog late = FrozenEnvironment.catalog(3, 4);
        assertThat(view(2, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .isTrue();
        assertThat(view(1, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .as("without version 2")
                .isFalse();
        assertThat(view(4, late, List.of(), List.of()).canCoordinate(late, RECENTLY))
                .as("at the target")
                .isFalse();
    }
}
