package dev.kbmigrator.memory;

import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.testkit.StateStoreContract;

/** The reference implementation by the system's clock. */
class MemoryStateStoreTest extends StateStoreContract {

    @Override
    protected StateStore newStore() {
        return MemoryStateStore.create();
    }
}
