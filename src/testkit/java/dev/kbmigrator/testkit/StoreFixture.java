package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.StateStore;
import java.time.Duration;

/** What the tests of every part of {@link StateStoreContract} work with. */
interface StoreFixture {

    /**
     * Returns the store under test.
     *
     * @return the store that was created for this test, empty at its start
     */
    StateStore store();

    /**
     * Returns a second handle on the same data, as another replica would have.
     *
     * @return a second handle, or the store itself
     */
    StateStore other();

    /**
     * Lets time pass by the store's clock.
     *
     * @param time the least time that passes
     */
    void letPass(Duration time);

    /**
     * Returns the steps that many tests share.
     *
     * @return a driver of {@link #store()}
     */
    default StoreDriver kbs() {
        return new StoreDriver(store());
    }
}
