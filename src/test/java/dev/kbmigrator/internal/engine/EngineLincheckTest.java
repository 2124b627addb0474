package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ExecutionPoolOperations;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.HeldScopeOperations;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.lease.LeaseKeeperOperations;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.PartitionQueueOperations;
import dev.kbmigrator.lincheck.Interleavings;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import org.junit.jupiter.api.Test;

/**
 * Model checks what the threads of a replica share, one class at a time, and the same without its guards, which must be found.
 * {@code BatchingLincheckIT} checks how executions are handed over to their worker.
 */
class EngineLincheckTest {

    /** Takes for granted what is not shared, or has a check of its own. */
    private static final Interleavings INTERLEAVINGS = Interleavings.takingForGranted(
            MemoryStateStore.class, MemoryLock.class, FleetView.class, MigrationCatalog.class, EngineConfig.class);

    @Test
    void everyExecutionComesBackFromThePoolOnce() {
        INTERLEAVINGS.areFine(ExecutionPoolOperations.class);
    }

    @Test
    void aPoolWithoutItsMonitorIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(ExecutionPool.class, ExecutionPoolOperations.class);
    }

    @Test
    void noPartitionIsTakenTwice() {
        INTERLEAVINGS.areFine(PartitionQueueOperations.class);
    }

    @Test
    void aQueueWithoutItsMonitorIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(PartitionQueue.class, PartitionQueueOperations.class);
    }

    @Test
    void aScopeIsLostOnce() {
        INTERLEAVINGS.areFine(HeldScopeOperations.class);
    }

    @Test
    void aScopeWithoutItsMonitorIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(HeldScope.class, HeldScopeOperations.class);
    }

    @Test
    void keptScopesAreRenewedAndALossIsToldOnce() {
        INTERLEAVINGS.areFine(LeaseKeeperOperations.class);
    }

    @Test
    void aLeaseKeeperWithoutItsMonitorIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(LeaseKeeper.class, LeaseKeeperOperations.class);
    }
}
