package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.Readiness;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.listing.ListPreview;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Durations;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
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
    private final OperatorActions actions;
    private final KbRegistration registration;
    private final KbRequestClient requests;
    private @Nullable ReplicaLoop replica;
    private boolean closed;
    private boolean signedOff;

    /** Creates an engine that does nothing yet. */
    public Engine(EngineConfig config) {
        this.config = config;
        this.store = config.store();
        this.environment = config.environment();
        this.actions = new OperatorActions(config, this::look, this::wake);
        this.registration = new KbRegistration(config.build(), store, actions, this::hasSeenStarted);
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
            throw new MigrationsPausedException(
                    "migrations are paused by an operator: " + view.control().shownReason(),
                    view.control().reason());
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
        actions.change(state -> state.capped(cap));
    }

    private boolean hasSeenStarted(long version) {
        ReplicaLoop running = replica();
        return running != null && running.hasSeenStarted(version);
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
        registration.register(kbId);
    }

    /** Enrols such a KB in a transaction of the host. */
    public void registerKb(Connection connection, String kbId) {
        registration.register(connection, kbId);
    }

    /** Forgets a KB that the host has deleted. */
    public void forgetKb(String kbId) {
        registration.forget(kbId);
    }

    /** Has a KB migrated now, past a version to skip if there is one (0: none); returns its version after that. */
    public long migrateKb(String kbId, long skip, String reason) {
        KbIds.check(kbId);
        String bounded = ShortText.reason(reason);
        checkOpen();
        return requests.migrateKb(registration.requireFit(), kbId, skip, bounded);
    }

    /** Fails if this build conflicts with the fleet's plan. A store that does not respond is no conflict. */
    public void checkPlan() {
        try {
            registration.requireFit();
        } catch (StateStoreException e) {
            LOG.atWarn()
                    .setCause(e)
                    .log("Could not check for a conflict before the start; the replica starts all the same");
        }
    }

    /** Withdraws the migrations of which no part has started; returns them. */
    public List<MigrationInfo> abandonTarget(String reason) {
        return actions.abandonTarget(reason);
    }

    /** Raises the baseline. */
    public void raiseBaseline(long version, String why) {
        actions.raiseBaseline(version, why);
    }

    /** Gives the stored fleet a name. */
    public void nameFleet(String name, String why) {
        actions.nameFleet(name, why);
    }

    /** Pauses or resumes the fleet. */
    public void setPaused(boolean paused, String reason) {
        actions.setPaused(paused, reason);
    }

    /** Returns what a run would do, after a look at the host's list if that is wanted. */
    public DryRun dryRun(boolean readingList) {
        HostKbs host = new HostKbs(
                config.host().knowledgeBoxes(), config.build().identity().id());
        ListPreview preview = readingList ? new ListPreview(host, store, FleetReports.MAX_SAMPLE) : null;
        return new FleetReports(config, FleetReports.readState(config)).dryRun(preview);
    }

    /** Returns the status of the fleet and of this replica. */
    public MigratorStatus status() {
        return observe((observer, running) -> {
            FleetReports reports = new FleetReports(config, observer.look());
            if (reports.suspectsDamage()) {
                observer.lookThoroughlyNext();
                reports = new FleetReports(config, observer.look());
            }
            return reports.status(running);
        });
    }

    private FleetView look() {
        return observe((observer, running) -> observer.look());
    }

    /** Looks as the replica that is at work, or as a visitor. */
    private <T> T observe(BiFunction<FleetObserver, @Nullable ReplicaLoop, T> reader) {
        ReplicaLoop running = replica();
        if (running != null && !running.hasEnded()) {
            return reader.apply(running.observer(), running);
        }
        return reader.apply(FleetObserver.visitor(store, config.build(), config.timings(), environment), running);
    }
}
