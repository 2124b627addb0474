package dev.kbmigrator.memory;

import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;

/** The reference implementation by the system's clock. */
class MemoryLockTest extends LockContract {

    @Override
    protected Lock newLock() {
        return MemoryLock.create();
    }
}
