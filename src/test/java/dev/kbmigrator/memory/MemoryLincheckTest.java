package dev.kbmigrator.memory;

import dev.kbmigrator.lincheck.Interleavings;
import org.junit.jupiter.api.Test;

/** Each call to the reference implementations takes effect at one instant; checked by Lincheck, like what must be found. */
class MemoryLincheckTest {

    @Test
    void aCallToTheLockTakesEffectAtOnce() {
        Interleavings.ofEverything().areFine(MemoryLockOperations.class);
    }

    @Test
    void aLockWithoutItsMonitorIsFound() {
        Interleavings.ofEverything().areNotAllFineWithoutTheGuardsOf(MemoryLock.class, MemoryLockOperations.class);
    }

    @Test
    void aCallToTheStoreTakesEffectAtOnce() {
        Interleavings.ofEverything().areFine(MemoryStateStoreOperations.class);
    }

    @Test
    void aStoreWithoutItsMonitorIsFound() {
        Interleavings.ofEverything()
                .areNotAllFineWithoutTheGuardsOf(MemoryStateStore.class, MemoryStateStoreOperations.class);
    }
}
