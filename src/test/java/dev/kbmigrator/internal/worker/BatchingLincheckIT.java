package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.engine.EngineLincheckTest;
import dev.kbmigrator.lincheck.Interleavings;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The hand-over from the slots to a worker's batch, checked by Lincheck on a whole worker; and the same with an unguarded
 * inbox, which must be found. A batch itself belongs to the worker's thread alone. It takes a minute: {@code mvn verify
 * -Plincheck}.
 */
@Tag("lincheck")
class BatchingLincheckIT {

    /** A worker is long: in the first few, no thread stops where it matters. */
    private static final int MANY = 200;

    private static final Interleavings INTERLEAVINGS = EngineLincheckTest.INTERLEAVINGS.ofEach(MANY);

    @Test
    void everyCompletionGetsIntoABatchOnce() {
        INTERLEAVINGS.areFine(BatchingOperations.class);
    }

    @Test
    void aWorkerWhoseInboxIsUnguardedIsFound() {
        INTERLEAVINGS.areNotAllFineWithoutTheGuardsOf(Worker.class, BatchingOperations.class);
    }
}
