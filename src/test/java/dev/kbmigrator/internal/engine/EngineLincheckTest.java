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
import dev.kbmigrator.internal.worker.BatchingLincheckIT;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.PartitionQueueOperations;
import dev.kbmigrator.lincheck.Interleavings;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import org.junit.jupiter.api.Test;

/**
 * What the threads of a replica share, each part on its own, checked by Lincheck; and the same without its guards, which
 * must be found. {@link BatchingLincheckIT} is about the hand-over from the slots to the batch.
 */
class EngineLincheckTest {

    static final Interleavings INTERLEAVINGS = Interleavings.takingForGranted(
            MemoryStateStore.class, MemoryLock.class, FleetView.class, MigrationCatalog.class, EngineConfig.class);

    @Test
    void everyBodyComesBackFromTheSlotsOnce() {
        INTERLEAVINGS.areFine(ExecutionPoolOperations.class);
    }

    @Test
    void slotsWithoutTheirMonitorAreFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(ExecutionPool.class, ExecutionPoolOperations.class);
    }

    @Test
    void noPartitionIsTakenTwice() {
        INTERLEAVINGS.areFine(PartitionQueueOperations.class);
    }

    @Test
    void aBoardWithoutItsMonitorIsFound() {
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
    void whatIsKeptIsRenewedAndALossIsToldOnce() {
        INTERLEAVINGS.areFine(LeaseKeeperOperations.class);
    }

    @Test
    void aLeaseKeeperWithoutItsMonitorIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(LeaseKeeper.class, LeaseKeeperOperations.class);
    }
}
