package com.acme.kb;

import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.testkit.StateStoreContract;

class AcmeStateStoreTest extends StateStoreContract {

    @Override
    protected StateStore newStore() {
        return new AcmeStateStore();
    }
}
