package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * The contract of a {@link StateStore}, as tests. A store that passes them keeps the library's promises; one that does not
 * will lose or repeat migrations one day. Whoever implements a store extends this class in the tests and says how to make
 * one:
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
 * <p>Each test gets a store of its own. The tests use no other way into the store than its methods, and they assume that
 * nobody else writes to it. They expect JUnit Jupiter's usual life cycle, an instance a test.
 */
@Timeout(120)
public abstract class StateStoreContract
        implements EpochContract,
                EnrolmentContract,
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

    /** For subclasses. */
    protected StateStoreContract() {}

    /**
     * Makes the store to test; called once before each test.
     *
     * @return a store with nothing in it: no KB, no document, no replica, floors at 0
     * @throws Exception if it cannot be made; the test fails
     */
    protected abstract StateStore newStore() throws Exception;

    /**
     * Makes a second handle on the data of a store, as another replica would have: with its own connections and nothing in
     * its own memory. Called once before each test. By default it is the store itself.
     *
     * @param store what {@link #newStore()} made
     * @return a store over the same data
     * @throws Exception if it cannot be made; the test fails
     */
    protected StateStore sharedWith(StateStore store) throws Exception {
        return store;
    }

    /**
     * Lets time pass by the store's clock. By default it really waits; a store under a manual clock moves that.
     *
     * @param time at least how much
     */
    protected void passTime(Duration time) {
        Waiting.forAtLeast(time);
    }

    /**
     * Called after each test, with the store made for it. Does nothing by default.
     *
     * @param store what {@link #newStore()} made
     * @throws Exception if it does not work; the test fails
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
     * The store under test, for tests of the host's own.
     *
     * @return what {@link #newStore()} made for this test
     */
    @Override
    public final StateStore store() {
        return store;
    }

    /**
     * The second handle on its data, for tests of the host's own.
     *
     * @return what {@link #sharedWith} made for this test
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
