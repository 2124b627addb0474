package dev.kbmigrator.testkit;

import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

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
@ExtendWith(RuleInMessages.class)
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
                LookOrderContract,
                ReadContract,
                DurabilityContract,
                ClockContract,
                LongListContract,
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
     * Kills the service behind the store without a warning ({@code kill -9}), starts it again, and returns a new handle on its
     * data. The tests do not use the handles from before any more. By default, the service cannot be restarted, and the tests of
     * rule 0 that need it are skipped; override this method if there is a service behind your store.
     *
     * @param store the store that {@link #newStore()} created
     * @return a new handle; empty if the service cannot be restarted
     * @throws Exception if the service does not start again; the test fails
     */
    protected Optional<StateStore> restart(StateStore store) throws Exception {
        return Optional.empty();
    }

    /**
     * Creates a handle on the data of a store, as a replica on a host whose clock is wrong would have it. By default, there is
     * none, and the tests of rule 6 that need it are skipped. A store that takes the time from its service alone returns any
     * other handle; a store that relies on synchronised clocks of the hosts returns none.
     *
     * @param store the store that {@link #newStore()} created
     * @param skew how far that host's clock is ahead; negative if it is behind
     * @return the handle; empty if the store cannot be tested with wrong clocks
     * @throws Exception if the handle cannot be created; the test fails
     */
    protected Optional<StateStore> withSkewedClock(StateStore store, Duration skew) throws Exception {
        return Optional.empty();
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
    public final StateStore skewedOrSkipped(Duration skew) throws Exception {
        return withSkewedClock(store, skew)
                .orElseGet(() ->
                        Assumptions.abort("not tested: " + Rule.CLOCKS + ". To test it, override withSkewedClock()"));
    }

    @Override
    public final StateStore restartedOrSkipped() throws Exception {
        return restart(store)
                .orElseGet(() -> Assumptions.abort("not tested: " + Rule.READS + ". To test it, override restart()"));
    }

    @Override
    public final void letPass(Duration time) {
        passTime(time);
    }
}
