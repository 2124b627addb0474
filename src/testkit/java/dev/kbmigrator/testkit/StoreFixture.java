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
     * Returns a handle on the same data, of a host whose own clock is wrong. Skips the test if there is none.
     *
     * @param skew how far that host's clock is ahead; negative if it is behind
     * @return the handle
     * @throws Exception if the handle cannot be created
     */
    StateStore skewedOrSkipped(Duration skew) throws Exception;

    /**
     * Kills the service behind the store and starts it again. Skips the test if that is not possible.
     *
     * @return a new handle on the same data
     * @throws Exception if the service does not start again
     */
    StateStore restartedOrSkipped() throws Exception;

    /**
     * Returns the steps that many tests share.
     *
     * @return a driver of {@link #store()}
     */
    default StoreDriver kbs() {
        return new StoreDriver(store());
    }
}
