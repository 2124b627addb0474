package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.memory.MemoryLock;
import java.util.List;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/** Workers that take partitions and give them back, and a loop that looks, on one queue of four due partitions. */
public class PartitionQueueOperations {

    private static final int DUE_PARTITIONS = 4;
    private static final FleetView VIEW = view();

    private final PartitionQueue queue;

    public PartitionQueueOperations() {
        FrozenEnvironment environment = new FrozenEnvironment();
        EngineConfig config =
                environment.config(FrozenEnvironment.emptyStore(), MemoryLock.create(() -> 0), environment.started);
        queue = new PartitionQueue(config.concurrency(), config.timings(), environment, environment.newSignal());
        queue.update(VIEW);
    }

    private static FleetView view() {
        return new FrozenEnvironment().view(1, 0, FrozenEnvironment.floors(DUE_PARTITIONS), List.of(), List.of());
    }

    @Operation
    public void look() {
        queue.update(VIEW);
    }

    @Operation
    public String take() {
        return queue.take().toString();
    }

    @Operation
    public void contended(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        queue.contended(Set.of(partition));
    }

    @Operation
    public void fruitful(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        queue.fruitful(Set.of(partition));
    }

    @Operation
    public void fruitless(@Param(gen = IntGen.class, conf = "0:3") int partition) {
        queue.fruitless(Set.of(partition));
    }

    @Operation
    public boolean hasAvailable() {
        return queue.hasAvailable();
    }
}
