package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ScriptedEnvironment;
import dev.kbmigrator.internal.fixture.WatchedStore;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.KbRecordCount;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class GlobalPartRecordTest {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(3);

    private final WatchedStore store = new WatchedStore(new ScriptedEnvironment());
    private final DocumentUpdate documents = new DocumentUpdate(store);

    private void record(long version, Consumer<ObjectNode> change) {
        documents.update(GlobalPartRecord.documentOf(version), null, change);
    }

    private void recordFailure(long version) {
        record(version, json -> GlobalPartRecord.failed(json, 2, "the error\nits trace", 700, RETRY_AFTER));
    }

    private GlobalPartRecord read(long version) {
        return GlobalPartRecord.read(documents, version);
    }

    @Test
    void documentsSortByVersion() {
        assertThat(GlobalPartRecord.documentOf(7)).isEqualTo("global/0000000000000000007");
    }

    @Test
    void aPartThatNeverRanHasAnEmptyRecord() {
        assertThat(read(2)).isEqualTo(new GlobalPartRecord(false, 0, "", 0, 0, null));
    }

    @Test
    void aFailureIsOnRecordWithItsRetry() {
        recordFailure(2);
        assertThat(read(2)).isEqualTo(new GlobalPartRecord(false, 2, "the error\nits trace", 700, 3_000_700, null));
        assertThat(read(3).failures()).as("of another version").isZero();
    }

    @Test
    void theCheckpointStaysWhenTheAttemptFails() {
        record(2, json -> GlobalPartRecord.checkpointed(json, "\"half\""));
        recordFailure(2);
        assertThat(read(2).checkpoint()).isEqualTo("\"half\"");
        assertThat(read(2).failures()).isEqualTo(2);
    }

    @Test
    void aPartThatIsDoneSaysByWhom() {
        ObjectNode json = Json.object();
        GlobalPartRecord.done(json, "replica", "build", 900);
        assertThat(json)
                .isEqualTo(Json.object()
                        .put("done", true)
                        .put("instance", "replica")
                        .put("build", "build")
                        .put("finishedMicros", 900L));
        record(2, stored -> GlobalPartRecord.done(stored, "replica", "build", 900));
        assertThat(read(2).done()).isTrue();
    }

    /** Version 1 has a KB part, versions 2 and 3 have a global part. */
    @Nested
    class StandingFailure {

        private final MigrationCatalog catalog = FrozenEnvironment.catalogOf(
                KbMigration.of(1, "kbs", (context, kbId) -> {}),
                GlobalMigration.of(2, "global", context -> {}),
                GlobalMigration.of(3, "last", context -> {}));

        private final FleetState kbsReached =
                FleetState.initial(0).extended(catalog.above(0)).reached(1);

        private FleetView view(FleetState state, MigrationCatalog known, KbRecordCount... counts) {
            return FrozenEnvironment.lookAt(state, known, Duration.ZERO, List.of(counts), List.of());
        }

        private Optional<GlobalPartRecord.Failure> standing(FleetView view) {
            return GlobalPartRecord.standingFailure(documents, view);
        }

        @Test
        void theNextPartHasFailed() {
            recordFailure(2);
            assertThat(standing(view(kbsReached, catalog)))
                    .hasValueSatisfying(failure -> {
                        assertThat(failure.migration().version()).isEqualTo(2);
                        assertThat(failure.record()).isEqualTo(read(2));
                    })
                    .map(Object::toString)
                    .hasValue("0002_global has failed 2 times, the last time with the error");
        }

        @Test
        void aFailureWithoutATextIsDescribedToo() {
            MigrationInfo info = new MigrationInfo(2, "global", false, true);
            assertThat(new GlobalPartRecord.Failure(info, new GlobalPartRecord(false, 1, "", 0, 0, null)))
                    .hasToString("0002_global has failed 1 times, the last time with ");
        }

        @Test
        void aPartThatHasNotFailedIsNoFailure() {
            assertThat(standing(view(kbsReached, catalog))).as("never ran").isEmpty();
            record(2, json -> GlobalPartRecord.checkpointed(json, "\"half\""));
            assertThat(standing(view(kbsReached, catalog))).as("runs").isEmpty();
        }

        @Test
        void aPartThatIsDoneIsNoFailure() {
            recordFailure(2);
            record(2, json -> GlobalPartRecord.done(json, "replica", "build", 900));
            assertThat(standing(view(kbsReached, catalog))).isEmpty();
        }

        @Test
        void aPartWaitsForItsTurn() {
            recordFailure(3);
            assertThat(standing(view(kbsReached, catalog))).isEmpty();
            assertThat(standing(view(kbsReached.reached(2), catalog))).isPresent();
        }

        @Test
        void aPartWaitsForTheKbs() {
            recordFailure(2);
            KbRecordCount failing = new KbRecordCount(0, 1, 0, 1, 0, 0, 1);
            assertThat(standing(view(kbsReached, catalog, failing))).isEmpty();
        }

        @Test
        void aFleetAtItsTargetHasNone() {
            recordFailure(3);
            FleetState finished = kbsReached.reached(2).reached(3);
            assertThat(standing(view(finished, catalog))).isEmpty();
        }

        @Test
        void aMigrationWithoutAGlobalPartHasNone() {
            MigrationCatalog kbParts = FrozenEnvironment.catalog(1, 2);
            recordFailure(2);
            FleetState state = FleetState.initial(0).extended(kbParts.above(0)).reached(1);
            FleetView allReached = new FleetView(
                    FrozenEnvironment.lookAt(state.reached(2), kbParts, Duration.ZERO, List.of(), List.of())
                            .snapshot(),
                    0,
                    state,
                    PlanComparison.compare(state, kbParts, ""),
                    ControlDocument.NONE,
                    2,
                    Map.of(),
                    List.of(),
                    Map.of(),
                    Duration.ofHours(1));
            assertThat(allReached.allKbsReached(2)).isTrue();
            assertThat(standing(allReached)).isEmpty();
        }

        @Test
        void aPartThatThisBuildLacksIsLeftToOthers() {
            recordFailure(2);
            assertThat(standing(view(
                            kbsReached, FrozenEnvironment.catalogOf(KbMigration.of(1, "kbs", (context, kbId) -> {})))))
                    .isEmpty();
        }

        @Test
        void anEmptyFleetHasNone() {
            assertThat(standing(view(FleetState.initial(0), FrozenEnvironment.catalog())))
                    .isEmpty();
        }
    }
}
