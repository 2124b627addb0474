package dev.kbmigrator.internal.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MigrationHistoryTest {

    private static final Duration TOOK = Duration.ofSeconds(90);

    private final StateStore store = FrozenEnvironment.emptyStore();
    private final ManualEnvironment environment = new ManualEnvironment();
    private final EngineConfig config = environment.config(store, MemoryLock.create(() -> 0), environment.started);
    private final MigrationHistory history =
            new MigrationHistory(new DocumentUpdate(store), config.build().identity(), environment);

    private static FleetView view(long current, Duration after) {
        FleetState state = FleetState.initial(0)
                .extended(List.of(
                        new MigrationInfo(1, "one", true, false),
                        new MigrationInfo(2, "two", true, true),
                        new MigrationInfo(3, "three", true, false)))
                .reached(current);
        return FrozenEnvironment.lookAt(state, FrozenEnvironment.catalog(), after, List.of(), List.of());
    }

    private ObjectNode record(long version) {
        return store.document("history/000000000000000000" + version)
                .map(Json::read)
                .orElseGet(Json::object);
    }

    private Epoch openEpoch() {
        return Objects.requireNonNull(
                store.openEpochs(Set.of(Epoch.COORDINATOR)).get(Epoch.COORDINATOR));
    }

    @Test
    void aSupersededCoordinatorWritesNoHistory() {
        Epoch epoch = openEpoch();
        openEpoch();
        history.opened(view(1, Duration.ZERO), 2, epoch);
        history.reached(view(1, TOOK), 2, epoch);
        assertThat(record(2)).isEmpty();
    }

    @Test
    void aRecordKeepsTheFieldsOfNewerBuilds() {
        store.compareAndSet("history/0000000000000000002", 0, "{\"invented\":7}", null);
        history.opened(view(1, Duration.ZERO), 2, openEpoch());
        assertThat(record(2)).isEqualTo(begun().put("invented", 7));
    }

    @Test
    void itRecordsWhatRanWhenByWhomAndForHowLong() {
        Epoch epoch = openEpoch();
        history.opened(view(1, Duration.ZERO), 2, epoch);
        assertThat(record(1)).as("reached earlier").isEmpty();
        assertThat(record(2)).isEqualTo(begun());
        assertThat(record(3)).as("not opened").isEmpty();

        history.reached(view(1, TOOK), 2, epoch);
        assertThat(record(2))
                .isEqualTo(begun().put("finishedMicros", FrozenEnvironment.STORE_MICROS + 90_000_000)
                        .put("finishedAt", "1970-01-01T00:00:00Z")
                        .put("finishedBy", "replica")
                        .put("millis", 90_000)
                        .put("outcome", "done"));
        assertThat(record(3)).isEmpty();
    }

    private static ObjectNode begun() {
        return Json.object()
                .put("version", 2)
                .put("name", "two")
                .put("startedMicros", FrozenEnvironment.STORE_MICROS)
                .put("startedAt", "1970-01-01T00:00:00Z")
                .put("startedBy", "replica")
                .put("build", "build")
                .put("outcome", "started");
    }
}
