package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.Readiness;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.ControlDocument;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.PlanComparison;
import dev.kbmigrator.internal.support.Durations;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does what the host asks of a migrator, with the help of the replica that is at work. Safe for use by many threads. */
public final class Engine {

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    /** Of the time that closing may take, the part after which what runs is interrupted: a half. */
    private static final long INTERRUPT_PART = 2;

    private final EngineConfig config;
    private final StateStore store;
    private final Environment environment;
    private final DocumentUpdate documents;
    private final KbRequestClient requests;
    private @Nullable ReplicaLoop replica;
    private boolean closed;
    private volatile boolean announced;
    private boolean signedOff;

    /** Creates an engine that does nothing yet. */
    public Engine(EngineConfig config) {
        this.config = config;
        this.store = config.store();
        this.environment = config.environment();
        this.documents = new DocumentUpdate(store);
        this.requests = new KbRequestClient(config, this::background, this::helperEnded);
    }

    /** Goes to work in the background until it is closed. */
    public void start() {
        launch(begin(RunMode.BACKGROUND), null);
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new MigratorClosedException("this migrator is closed: build a new one");
        }
    }

    private synchronized ReplicaLoop begin(RunMode mode) {
        checkOpen();
        if (replica != null && !replica.hasEnded()) {
            throw new IllegalStateException("this migrator is already at work: use either start(), once, or run()");
        }
        replica = new ReplicaLoop(config, mode);
        return replica;
    }

    /** Starts a replica. One that cannot be started must not block the next. */
    private void launch(ReplicaLoop session, @Nullable Long cap) {
        boolean launched = false;
        try {
            if (cap != null) {
                setCap(cap);
            }
            session.start();
            launched = true;
        } catch (StateStoreException e) {
            throw new MigratorException("the run could not begin: " + e.getMessage(), e);
        } finally {
            if (!launched) {
                withdraw(session);
            }
        }
    }

    private synchronized void withdraw(ReplicaLoop session) {
        if (replica == session) {
            replica = null;
        }
    }

    /** Tries each due KB once, and waits for it. */
    public RunReport run(@Nullable Long cap) {
        long startedAt = environment.nanoTime();
        ReplicaLoop session = begin(RunMode.SINGLE_RUN);
        launch(session, cap);
        awaitEnd(session);
        RuntimeException fatal = session.fatal();
        if (fatal instanceof InvalidMigrationsException) {
            throw fatal;
        }
        if (fatal != null) {
            throw new MigratorException(
                    "the run could not go on, and what was done is kept: " + fatal.getMessage()
                            + ". Run again when the cause is fixed",
                    fatal);
        }
        return conclude(session, startedAt);
    }

    private void awaitEnd(ReplicaLoop session) {
        try {
            while (!session.hasEnded()) {
                session.awaitEnd(TimeUnit.SECONDS.toNanos(10));
            }
        } catch (InterruptedException e) {
            session.stop();
            session.interrupt();
            Thread.currentThread().interrupt();
            throw new MigratorException(
                    "the run was interrupted; what was done is kept, and what runs is being stopped", e);
        }
    }

    private RunReport conclude(ReplicaLoop session, long startedAt) {
        FleetView view = session.observer().view();
        FleetReports reports = new FleetReports(config, view);
        RunReport report = reports.runReport(session, environment.nanoTime() - startedAt);
        RunCompletion.End end = session.end();
        if (end == RunCompletion.End.PAUSED) {
            String reason = view.control().reason();
            throw new MigrationsPausedException("migrations are paused by an operator: " + reason, reason);
        }
        if (end == RunCompletion.End.CLOSED) {
            throw new MigratorClosedException("the migrator was closed before the run had ended");
        }
        if (end == RunCompletion.End.FAILED) {
            throw new MigrationFailedException(reports.whatIsMissing(session, report), report);
        }
        return report;
    }

    /** Limits the target, for the whole fleet, until it is set again. */
    public void setCap(long cap) {
        change(state -> state.capped(cap));
    }

    private void change(UnaryOperator<FleetState> change) {
        change(documents, change);
    }

    private void change(DocumentUpdate where, UnaryOperator<FleetState> change) {
        DocumentUpdate.Outcome outcome = where.replace(FleetState.DOCUMENT, null, document -> {
            FleetState before = FleetState.read(document, config.build().baseline());
            FleetState after = change.apply(before);
            return after.equals(before) ? Optional.empty() : Optional.of(after.toJson());
        });
        if (outcome == DocumentUpdate.Outcome.CHANGED) {
            wake();
        }
    }

    private synchronized @Nullable ReplicaLoop replica() {
        return replica;
    }

    /** Returns the replica that {@link #start} has started, while it is at work. */
    private synchronized Optional<ReplicaLoop> background() {
        return Optional.ofNullable(replica).filter(one -> one.isBackground() && !one.hasEnded());
    }

    private void helperEnded() {
        if (replica() == null) {
            signOff();
        }
    }

    private void wake() {
        ReplicaLoop running = replica();
        if (running != null) {
            running.wake();
        }
    }

    /** Stops, within the time. */
    public void close(Duration timeout) {
        List<ReplicaLoop> running = new ArrayList<>();
        boolean appeared;
        synchronized (this) {
            closed = true;
            Stream.of(Optional.ofNullable(replica), requests.close())
                    .flatMap(Optional::stream)
                    .forEach(running::add);
            appeared = !running.isEmpty() && !signedOff;
        }
        long nanos = Durations.bounded(timeout).toNanos();
        long deadline = environment.nanoTime() + nanos;
        running.forEach(ReplicaLoop::stop);
        boolean quiet = awaitAll(running, deadline - nanos / INTERRUPT_PART);
        if (!quiet) {
            running.forEach(ReplicaLoop::interrupt);
            quiet = awaitAll(running, deadline);
        }
        if (!quiet) {
            LOG.atWarn().log("Some executions did not stop within {}; their leases are left to expire", timeout);
        } else if (appeared) {
            signOffUntil(deadline);
        }
    }

    private static boolean awaitAll(List<ReplicaLoop> running, long deadline) {
        boolean quiet = true;
        for (ReplicaLoop one : running) {
            quiet &= one.awaitEndUntil(deadline);
        }
        return quiet;
    }

    /** In a thread of its own: a store that is out of reach must not hold up whoever closes. */
    private void signOffUntil(long deadline) {
        synchronized (this) {
            signedOff = true;
        }
        Environment.Signal done = environment.newSignal();
        environment.start("kb-migrator-signoff", () -> {
            try {
                signOff();
            } finally {
                done.raise();
            }
        });
        long left = deadline - environment.nanoTime();
        try {
            done.awaitInterruptibly(Math.max(0, left));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void signOff() {
        try {
            store.forgetReplica(config.build().identity().id());
        } catch (RuntimeException e) {
            LOG.atInfo().setCause(e).log("Could not sign off; the other replicas will notice");
        }
    }

    /** Removes a replica from the list. */
    public void forgetReplica(String replicaId) {
        store.forgetReplica(replicaId);
    }

    /** Returns whether this replica may serve, and why not. */
    public Readiness readiness() {
        ReplicaLoop running;
        synchronized (this) {
            if (closed) {
                return Readiness.notReady("the migrator is closed");
            }
            running = replica;
        }
        return running == null ? Readiness.notReady("the migrator has not been started") : running.readiness();
    }

    /** Enrols a KB that this build creates, at the newest version that it knows. */
    public void registerKb(String kbId) {
        KbIds.check(kbId);
        announce();
        store.enroll(Set.of(kbId), registrationVersion());
    }

    /** Enrols such a KB in a transaction of the host. */
    public void registerKb(Connection connection, String kbId) {
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
        return Math.max(config.build().baseline(), config.build().catalog().newest());
    }

    /** A version at which KBs are created must be in the fleet's plan, so that nobody else can give it another meaning. */
    private void announce() {
        if (!isAnnounced()) {
            announce(documents);
            announced = true;
        }
    }

    /** Returns whether that is known without a look: this replica has announced it, or has seen that there is no need. */
    private boolean isAnnounced() {
        if (!announced) {
            ReplicaLoop running;
            synchronized (this) {
                running = replica;
            }
            announced = running != null && running.hasSeenStarted(registrationVersion());
        }
        return announced;
    }

    private void announce(DocumentUpdate where) {
        change(where, state -> {
            if (!state.unknownFeatures().isEmpty()) {
                throw new MigratorException("the KB cannot be registered, because "
                        + PlanComparison.compare(state, config.build().catalog())
                                .standingBy()
                                .orElseThrow());
            }
            PlanComparison comparison =
                    PlanComparison.compare(state, config.build().catalog());
            if (!comparison.problems().isEmpty()) {
                throw new InvalidMigrationsException(comparison.problems());
            }
            return state.extended(comparison.extension()).registeredUpTo(registrationVersion());
        });
    }

    /** Forgets a KB that the host has deleted. */
    public void forgetKb(String kbId) {
        store.remove(Set.of(KbIds.check(kbId)));
    }

    /** Has a KB migrated now, past a version to skip if there is one (0: none); returns its version after that. */
    public long migrateKb(String kbId, long skip, String reason) {
        KbIds.check(kbId);
        checkOpen();
        FleetState state = FleetState.read(
                documents.find(FleetState.DOCUMENT), config.build().baseline());
        return requests.migrateKb(state, kbId, skip, reason);
    }

    /** Withdraws the migrations of which no part has started. */
    public void abandonTarget(String reason) {
        change(FleetState::withdrawn);
        LOG.atWarn().log("Withdrew the migrations of the plan that have not started: {}", reason);
    }

    /** Pauses or resumes the fleet. */
    public void setPaused(boolean paused, String reason) {
        String by = config.build().identity().id();
        documents.update(ControlDocument.NAME, null, json -> ControlDocument.pause(json, paused, reason, by));
        wake();
    }

    /** Returns what a run would do. */
    public DryRun dryRun() {
        return new FleetReports(config, FleetReports.readState(config)).dryRun();
    }

    /** Returns the status of the fleet and of this replica. */
    public MigratorStatus status() {
        ReplicaLoop running = replica();
        if (running != null && !running.hasEnded()) {
            return new FleetReports(config, running.observer().look()).status(running);
        }
        FleetObserver visitor = FleetObserver.visitor(store, config.build(), config.timings(), environment);
        return new FleetReports(config, visitor.look()).status(running);
    }
}
