package dev.kbmigrator.internal.engine;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.PlanComparison;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongPredicate;

/**
 * KBs that the host creates and deletes. A build that does not fit the fleet is refused: its KBs may be those of another service. What
 * was found out once is remembered. Safe for use by many threads.
 */
final class KbRegistration {

    private final LocalBuild build;
    private final StateStore store;
    private final DocumentUpdate documents;
    private final OperatorActions actions;
    private final LongPredicate isStarted;
    private volatile boolean announced;
    private volatile boolean isMember;

    /**
     * Creates the registration.
     *
     * @param isStarted whether this replica has seen, without a call, that a version is in the plan and can no longer be withdrawn
     */
    KbRegistration(LocalBuild build, StateStore store, OperatorActions actions, LongPredicate isStarted) {
        this.build = build;
        this.store = store;
        this.documents = new DocumentUpdate(store);
        this.actions = actions;
        this.isStarted = isStarted;
    }

    /** Enrols a KB that this build creates, at the newest version that it knows. */
    void register(String kbId) {
        KbIds.check(kbId);
        announce();
        store.enroll(Set.of(kbId), registrationVersion());
    }

    /** Enrols such a KB in a transaction of the host. */
    void register(Connection connection, String kbId) {
        KbIds.check(kbId);
        if (!(store instanceof HostTransactionSupport transactional)) {
            throw new UnsupportedOperationException(
                    "the state store " + store.getClass().getName()
                            + " cannot join a transaction of the host: use registerKb(kbId) before the KB is visible to"
                            + " readers");
        }
        checkInTransaction(connection);
        if (!isAnnounced()) {
            transactional.checkReady(connection);
            // Not on record as announced: the host may roll this back, together with the KB
            AtomicBoolean again = new AtomicBoolean();
            announce(new DocumentUpdate(
                    name -> transactional.document(connection, name, again.getAndSet(true)),
                    (name, revision, json, fence) -> transactional.compareAndSet(connection, name, revision, json)));
        }
        transactional.enroll(connection, kbId, registrationVersion());
    }

    private static void checkInTransaction(Connection connection) {
        boolean autoCommit;
        try {
            autoCommit = connection.getAutoCommit();
        } catch (SQLException e) {
            throw new StateStoreException("the host's connection cannot be used: " + e.getMessage(), e);
        }
        if (autoCommit) {
            throw new IllegalArgumentException(
                    "the host's connection is in auto-commit mode, so there is no transaction to join: call"
                            + " setAutoCommit(false) first, or use registerKb(kbId)");
        }
    }

    private long registrationVersion() {
        return Math.max(build.baseline(), build.catalog().newest());
    }

    /** A version at which KBs are created must be in the fleet's plan, so that nobody else can give it another meaning. */
    private void announce() {
        if (!isAnnounced()) {
            announce(documents);
            announced = true;
        }
    }

    /** Returns whether that is known without a call: this replica has announced it, or has seen that there is no need. */
    private boolean isAnnounced() {
        if (!announced) {
            announced = isStarted.test(registrationVersion());
        }
        return announced;
    }

    private void announce(DocumentUpdate where) {
        actions.change(where, state -> {
            PlanComparison comparison = build.compare(state);
            refuse(comparison.objections());
            return state.extended(comparison.extension()).registeredUpTo(registrationVersion());
        });
    }

    /** Forgets a KB that the host has deleted. A conflict with the plan is no reason not to: it is the same service. */
    void forget(String kbId) {
        KbIds.check(kbId);
        if (!announced && !isMember) {
            PlanComparison comparison = build.compare(readState());
            refuse(comparison.member() ? List.of() : comparison.objections());
            isMember = true;
        }
        store.remove(Set.of(kbId));
    }

    /** Reads the fleet's state; fails if this build does not fit it. */
    FleetState requireFit() {
        FleetState state = readState();
        refuse(build.compare(state).objections());
        return state;
    }

    private FleetState readState() {
        return build.state(documents.find(FleetState.DOCUMENT));
    }

    private static void refuse(List<String> objections) {
        if (!objections.isEmpty()) {
            throw new InvalidMigrationsException(objections);
        }
    }
}
