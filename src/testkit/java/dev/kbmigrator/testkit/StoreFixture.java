package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.StateStore;
import java.time.Duration;

/** What each chapter of {@link StateStoreContract} gets to work with. */
interface StoreFixture {

    /**
     * The store under test.
     *
     * @return an empty store, made for this test
     */
    StateStore store();

    /**
     * The same data, as another replica sees them.
     *
     * @return a second handle, or the store itself
     */
    StateStore other();

    /**
     * Moves the store's clock on.
     *
     * @param time at least how far
     */
    void letPass(Duration time);

    /**
     * The usual steps.
     *
     * @return a driver of {@link #store()}
     */
    default StoreDriver kbs() {
        return new StoreDriver(store());
    }
}
