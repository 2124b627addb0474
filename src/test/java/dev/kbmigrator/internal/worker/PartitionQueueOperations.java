package dev.kbmigrator.internal.worker;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.PlanComparison;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Workers that take partitions and give them back, and a loop that looks, on one board of four due partitions. */
public class PartitionQueueOperations {

    private static final int DUE_PARTITIONS = 4;
    private static final FleetView VIEW = view();

    private final PartitionQueue board;

    public PartitionQueueOperations() {
        FrozenEnvironment environment = new FrozenEnvironment();
        EngineConfig config =
                environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started);
        board = new PartitionQueue(config, environment.newSignal());
        board.update(VIEW);
    }

    private static FleetView view() {
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 1L));
        Collections.fill(floors.subList(0, DUE_PARTITIONS), 0L);
        List<MigrationInfo> plan = List.of(new MigrationInfo(1, "only", true, false));
        FleetState state = new FleetState(1, 0, 0, 1, 1, Long.MAX_VALUE, 0, plan, Json.object());
        PlanComparison knowledge = new PlanComparison(1, 0, List.of(), List.of(), Optional.empty());
        return new FleetView(
                new Snapshot(0, List.of(), floors, List.of(), List.of()),
                0,
                state,
                knowledge,
                Json.object(),
                false,
                1,
                Map.of());
    }

    @Operation
    public void look() {
        board.update(VIEW);
    }

    @Operation
    public String take() {
        return board.take().toString();
    }

    @Operation
    public void contended(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        board.contended(Set.of(partition));
    }

    @Operation
    public void fruitful(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        board.fruitful(Set.of(partition));
    }

    @Operation
    public void fruitless(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        board.fruitless(Set.of(partition));
    }

    @Operation
    public int candidates() {
        return board.candidates();
    }
}
