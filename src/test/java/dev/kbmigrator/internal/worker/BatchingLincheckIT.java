package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.config.EngineConfig;
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

    private static final Interleavings INTERLEAVINGS = Interleavings.takingForGranted(
                    MemoryStateStore.class,
                    MemoryLock.class,
                    FleetView.class,
                    MigrationCatalog.class,
                    EngineConfig.class)
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
