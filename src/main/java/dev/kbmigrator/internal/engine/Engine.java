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
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.HostTransactionSupport;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the host asks for, over the replica that does it. Safe for use by many threads. */
public final class Engine {

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final int ATTEMPTS = 20;
    private static final long INTERRUPT_PART = 2;

    private final EngineConfig config;
    private final KbRequests requests;
    private @Nullable Replica replica;
    private boolean closed;
    private volatile boolean announced;
    private boolean left;

    /** An engine that does nothing yet. */
    public Engine(EngineConfig config) {
        this.config = config;
        this.requests = new KbRequests(config, this::background, this::helperLeft);
    }

    /** Goes on in the background until it is closed. */
    public void start() {
        launch(begin(false), null);
    }

    private synchronized void checkOpen() {
        if (closed) {
            throw new MigratorClosedException("this migrator is closed: build a new one");
        }
    }

    private synchronized Replica begin(boolean once) {
        checkOpen();
        if (replica != null && !replica.hasEnded()) {
            throw new IllegalStateException("this migrator is already at work: use either start(), once, or run()");
        }
        replica = new Replica(config, once);
        return replica;
    }

    /** Starts it; one that cannot be started must not stand in the way of the next. */
    private void launch(Replica session, @Nullable Long cap) {
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

    private synchronized void withdraw(Replica session) {
        if (replica == session) {
            replica = null;
        }
    }

    /** Tries each due KB once, and waits for it. */
    public RunReport run(@Nullable Long cap) {
        long startedAt = config.surroundings().nanoTime();
        Replica session = begin(true);
        launch(session, cap);
        awaitEnd(session);
        RuntimeException fatal = session.fatal();
        if (fatal instanceof InvalidMigrationsException) {
            throw fatal;
        }
        if (fatal != null) {
            throw new MigratorException(
                    "the run could not go on, and what was done is kept: " + fatal.getMessage()
                            + ". Run again when the cause is mended",
                    fatal);
        }
        return conclude(session, startedAt);
    }

    private void awaitEnd(Replica session) {
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

    private RunReport conclude(Replica session, long startedAt) {
        View view = session.board().view();
        Reports reports = new Reports(config, view);
        RunReport report = reports.runReport(session, config.surroundings().nanoTime() - startedAt);
        SingleRun.End end = session.end();
        if (end == SingleRun.End.PAUSED) {
            throw new MigrationsPausedException(
                    "migrations are paused by an operator: " + view.pauseReason(), view.pauseReason());
        }
        if (end == SingleRun.End.CLOSED) {
            throw new MigratorClosedException("the migrator was closed before the run had ended");
        }
        if (end == SingleRun.End.FAILED) {
            throw new MigrationFailedException(reports.whatIsMissing(session, report), report);
        }
        return report;
    }

    /** Limits the target, for the whole fleet, until it is set anew. */
    public void setCap(long cap) {
        change(state -> state.capped(cap));
    }

    private void change(UnaryOperator<GlobalState> change) {
        for (int i = 0; i < ATTEMPTS; i++) {
            GlobalState before = state();
            GlobalState after = change.apply(before);
            if (after.equals(before)) {
                return;
            }
            if (config.store().compareAndSet(GlobalState.DOCUMENT, before.revision(), after.toJson(), null)) {
                wake();
                return;
            }
        }
        throw new StateStoreException("the global state is changed by others again and again");
    }

    private GlobalState state() {
        return GlobalState.read(config.store().document(GlobalState.DOCUMENT).orElse(null), config.baseline());
    }

    private synchronized @Nullable Replica replica() {
        return replica;
    }

    /** The replica that {@link #start} has started, while it is at work. */
    private synchronized Optional<Replica> background() {
        return Optional.ofNullable(replica).filter(one -> one.isBackground() && !one.hasEnded());
    }

    private void helperLeft() {
        if (replica() == null) {
            sayGoodbye();
        }
    }

    private void wake() {
        Replica running = replica();
        if (running != null) {
            running.wake();
        }
    }

    /** Stops, within the time. */
    public void close(Duration timeout) {
        List<Replica> running = new ArrayList<>();
        boolean appeared;
        synchronized (this) {
            closed = true;
            Stream.of(Optional.ofNullable(replica), requests.close())
                    .flatMap(Optional::stream)
                    .forEach(running::add);
            appeared = !running.isEmpty() && !left;
        }
        long nanos = Durations.bounded(timeout).toNanos();
        long deadline = config.surroundings().nanoTime() + nanos;
        running.forEach(Replica::stop);
        boolean quiet = awaitUntil(running, deadline - nanos / INTERRUPT_PART);
        if (!quiet) {
            running.forEach(Replica::interrupt);
            quiet = awaitUntil(running, deadline);
        }
        if (!quiet) {
            LOG.atWarn().log("Some bodies did not stop within {}; their leases are left to expire", timeout);
        } else if (appeared) {
            leave(deadline);
        }
    }

    private boolean awaitUntil(List<Replica> running, long deadline) {
        boolean quiet = true;
        for (Replica one : running) {
            quiet &= awaitUntil(config, one, deadline);
        }
        return quiet;
    }

    /** Waits for a replica to end; answers whether it has. */
    static boolean awaitUntil(EngineConfig config, Replica running, long deadline) {
        boolean interrupted = false;
        while (!running.hasEnded()) {
            long left = deadline - config.surroundings().nanoTime();
            if (left <= 0) {
                break;
            }
            try {
                running.awaitEnd(left);
            } catch (InterruptedException e) {
                interrupted = true;
                break;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return running.hasEnded();
    }

    /** In a thread of its own: a store that is out of reach must not hold up the one who closes. */
    private void leave(long deadline) {
        synchronized (this) {
            left = true;
        }
        Surroundings.Signal said = config.surroundings().newSignal();
        config.surroundings().start("kb-migrator-goodbye", () -> {
            try {
                sayGoodbye();
            } finally {
                said.raise();
            }
        });
        long left = deadline - config.surroundings().nanoTime();
        try {
            said.awaitInterruptibly(Math.max(0, left));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sayGoodbye() {
        try {
            config.store().forgetReplica(config.identity().id());
        } catch (RuntimeException e) {
            LOG.atInfo().setCause(e).log("Could not say goodbye; the other replicas will find out");
        }
    }

    /** Strikes a replica off the list. */
    public void forgetReplica(String replicaId) {
        config.store().forgetReplica(replicaId);
    }

    /** Whether this replica may serve, and why not. */
    public Readiness readiness() {
        Replica running;
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
        config.store().enroll(Set.of(kbId), registrationVersion());
    }

    /** The same, in a transaction of the host. */
    public void registerKb(Connection connection, String kbId) {
        KbIds.check(kbId);
        if (!(config.store() instanceof HostTransactionSupport store)) {
            throw new UnsupportedOperationException("the state store "
                    + config.store().getClass().getName()
                    + " cannot join a transaction of the host: use registerKb(kbId)"
                    + " before the KB is visible to readers");
        }
        if (!announced) {
            store.checkReady(connection);
        }
        announce();
        store.enroll(connection, kbId, registrationVersion());
    }

    private long registrationVersion() {
        return Math.max(config.baseline(), config.catalog().newest());
    }

    /** A version that KBs are created at must be in the fleet's plan, so that nobody else can give it another meaning. */
    private void announce() {
        if (announced) {
            return;
        }
        change(state -> {
            Knowledge knowledge = Knowledge.compare(state, config.catalog());
            if (!knowledge.problems().isEmpty()) {
                throw new InvalidMigrationsException(knowledge.problems());
            }
            return state.extended(knowledge.extension()).registeredUpTo(registrationVersion());
        });
        announced = true;
    }

    /** Forgets a KB that the host has deleted. */
    public void forgetKb(String kbId) {
        config.store().remove(Set.of(KbIds.check(kbId)));
    }

    /** Has a KB migrated now; answers its version then. */
    public long migrateKb(String kbId, long skip, String reason) {
        KbIds.check(kbId);
        checkOpen();
        return requests.migrateKb(state(), kbId, skip, reason);
    }

    /** Withdraws the migrations of which no part has started. */
    public void abandonTarget(String reason) {
        change(GlobalState::withdrawn);
        LOG.atWarn().log("Withdrew what has not started of the fleet's plan: {}", reason);
    }

    /** Pauses or resumes the fleet. */
    public void setPaused(boolean paused, String reason) {
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<Document> before = config.store().document(View.controlDocument());
            var control = before.map(Json::read).orElseGet(Json::object);
            control.put("paused", paused)
                    .put("reason", reason)
                    .put("by", config.identity().id());
            long revision = before.map(Document::revision).orElse(0L);
            if (config.store().compareAndSet(View.controlDocument(), revision, control.toString(), null)) {
                wake();
                return;
            }
        }
        throw new StateStoreException("the control document is changed by others again and again");
    }

    /** The dry run. */
    public DryRun dryRun() {
        return new Reports(config, Reports.read(config)).dryRun();
    }

    /** How things stand. */
    public MigratorStatus status() {
        Replica running = replica();
        if (running != null && !running.hasEnded()) {
            return new Reports(config, running.look()).status(running);
        }
        Replica visitor = new Replica(config, true);
        try {
            return new Reports(config, visitor.look()).status(running);
        } finally {
            if (running == null) {
                sayGoodbye();
            }
        }
    }
}
