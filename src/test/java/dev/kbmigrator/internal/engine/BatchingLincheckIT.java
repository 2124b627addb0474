package dev.kbmigrator.internal.engine;

import dev.kbmigrator.lincheck.Interleavings;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The hand-over from the slots to a worker's batch, checked by Lincheck on a whole worker; and the same with an unguarded
 * inbox, which must be found. A batch itself belongs to the worker's thread alone. It takes a minute: {@code mvn verify
 * -Plincheck}.
 */
@Tag("lincheck")
class BatchingLincheckIT {

    private static final Interleavings INTERLEAVINGS = Interleavings.takingForGranted(
            MemoryStateStore.class, MemoryLock.class, View.class, Catalog.class, EngineConfig.class);

    @Test
    void everyCompletionGetsIntoABatchOnce() {
        INTERLEAVINGS.areFine(BatchingOperations.class);
    }

    @Test
    void aWorkerWhoseInboxIsUnguardedIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(Worker.class, BatchingOperations.class);
    }
}
