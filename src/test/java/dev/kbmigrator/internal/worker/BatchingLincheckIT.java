package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.lincheck.Interleavings;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The hand-over from the pool's threads to a worker's batch, checked by Lincheck on a whole worker; and the same with an unguarded
 * inbox, which must be found. A batch itself belongs to the worker's thread alone. It takes a minute: {@code mvn verify
 * -Plincheck}.
 */
@Tag("lincheck")
public class BatchingLincheckIT {

    /** A worker is long: in the first few, no thread stops where it matters. */
    private static final int MANY = 200;

    /** Besides what has a check of its own, what belongs to the worker's thread: a stop there changes nothing. */
    private static final Interleavings INTERLEAVINGS = Interleavings.takingForGranted(
                    MemoryStateStore.class,
                    MemoryLock.class,
                    FleetView.class,
                    MigrationCatalog.class,
                    EngineConfig.class,
                    FleetObserver.class,
                    HostKbs.class,
                    LeaseKeeper.class,
                    PartitionLeases.class,
                    PartitionScan.class,
                    HeldPartition.class)
            .ofEach(MANY);

    @Test
    void everyCompletionGetsIntoABatchOnce() {
        INTERLEAVINGS.areFine(BatchingOperations.class);
    }

    @Test
    void aWorkerWhoseInboxIsUnguardedIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(Inbox.class, BatchingOperations.class);
    }
}
