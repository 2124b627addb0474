package com.acme.kb;

import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.testkit.LockContract;

class AcmeLockTest extends LockContract {

    @Override
    protected Lock newLock() {
        return new AcmeLock();
    }
}
