package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of a {@link StateStore} as executable tests. A store that passes them keeps the library's promises. A store
 * that does not will one day lose or repeat migrations. To test your own store, extend this class and create the store in
 * {@link #newStore()}:
 *
 * <pre>{@code
 * class AcmeStateStoreTest extends StateStoreContract {
 *     @Override
 *     protected StateStore newStore() {
 *         return new AcmeStateStore(AcmeDatabase.empty());
 *     }
 *
 *     @Override
 *     protected StateStore sharedWith(StateStore store) {
 *         return new AcmeStateStore(((AcmeStateStore) store).database());
 *     }
 * }
 * }</pre>
 *
 * <p>Each test gets its own store and uses only the methods of the SPI. The tests assume that nothing else writes to the
 * store. They rely on JUnit Jupiter's default life cycle, one instance per test method. Each test fails after 120 seconds.
 */
@Timeout(120)
public abstract class StateStoreContract
        implements EpochContract,
                EnrolmentContract,
                IncarnationContract,
                KbIdContract,
                WriteContract,
                KbRecordContract,
                FloorContract,
                PageContract,
                DueFilterContract,
                LookContract,
                DocumentContract,
                StoreConcurrencyContract,
                MixedWritesContract {

    private StateStore store;
    private StateStore other;

    /** Called by subclasses. */
    protected StateStoreContract() {}

    /**
     * Creates the store to test. Called once before each test.
     *
     * @return an empty store: no KB, no document, no replica, all floors at 0
     * @throws Exception if the store cannot be created; the test fails
     */
    protected abstract StateStore newStore() throws Exception;

    /**
     * Creates a second handle on the data of a store, as another replica would have: with its own connections, and without
     * anything cached. Called once before each test. By default, returns the store itself.
     *
     * @param store the store that {@link #newStore()} created
     * @return a store over the same data
     * @throws Exception if the second handle cannot be created; the test fails
     */
    protected StateStore sharedWith(StateStore store) throws Exception {
        return store;
    }

    /**
     * Lets time pass by the store's clock. By default, blocks for that long. If your store runs under a manual clock, override
     * this method to advance that clock instead.
     *
     * @param time the least time that must pass
     */
    protected void passTime(Duration time) {
        Waiting.forAtLeast(time);
    }

    /**
     * Cleans up after each test. By default, does nothing.
     *
     * @param store the store that {@link #newStore()} created for the test
     * @throws Exception if the cleanup fails; the test fails
     */
    protected void cleanUp(StateStore store) throws Exception {}

    @BeforeEach
    final void makeStore() throws Exception {
        store = newStore();
        other = sharedWith(store);
    }

    @AfterEach
    final void cleanUpStore() throws Exception {
        if (store != null) {
            cleanUp(store);
        }
    }

    /**
     * Returns the store under test, for your own additional tests.
     *
     * @return the store that {@link #newStore()} created for this test
     */
    @Override
    public final StateStore store() {
        return store;
    }

    /**
     * Returns the second handle on the store's data, for your own additional tests.
     *
     * @return the store that {@link #sharedWith} created for this test
     */
    @Override
    public final StateStore other() {
        return other;
    }

    @Override
    public final void letPass(Duration time) {
        passTime(time);
    }
}
