package dev.kbmigrator.internal.coordinator;

import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.DocumentUpdate.Outcome;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.internal.support.StepRetry;
import dev.kbmigrator.spi.Epoch;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One term of the coordinator: brings the fleet to its target, stage by stage, as long as it holds the lock {@code migrations}.
 * Everything that it writes carries the coordinator's epoch.
 *
 * <ol>
 *   <li>Open the stage: enrol what the host lists, then let KB parts run up to the stage's end.
 *   <li>Wait until a look, made under the epoch, finds no enrolled KB below that version (except those that are set aside), and the
 *       host's list was read recently.
 *   <li>Run the global part, if the stage has one. A failure is recorded, and the part is retried when it is due.
 *   <li>Move the current version to the stage's end, and go on with the next stage.
 * </ol>
 */
public final class CoordinatorTerm implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(CoordinatorTerm.class);
    private static final String COORDINATE = "coordinate the fleet";

    /** After so many failures to record a global part's failure, only characters that every store can keep are left in its text. */
    private static final int PATIENCE = 3;

    private final EngineConfig config;
    private final RunMode mode;
    private final ReplicaServices replica;
    private final KbListing listing;
    private final Callbacks callbacks;
    private final DocumentUpdate documents;
    private final Environment.Signal signal;
    private final StepRetry retry;
    private final MigrationHistory history;
    private final GlobalExecution.Context executions;
    private volatile @Nullable GlobalExecution running;
    private long listedFor = -1;
    private volatile boolean finished;

    /** The replica's loop, as the coordinator sees it. Called by the coordinator's thread. */
    public interface Callbacks {

        /** Returns whether this replica stops. */
        boolean isStopping();

        /** Asks the loop to look at what has changed. */
        void wakeLoop();

        /** Returns how long to wait for KBs of other replicas, in nanoseconds. */
        long barrierWaitNanos(FleetView view);

        /** The fleet's current version has moved. */
        void versionReached(long version);

        /** Another coordinator has taken over: when both were granted the lock, one of them has to make room. */
        void superseded();

        /** A global part is done. */
        void globalPartDone(long version);

        /** A global part has failed. */
        void globalPartFailed(String error);
    }

    /**
     * Prepares a term.
     *
     * @param mode in a single run, the term ends with the first failure
     */
    public CoordinatorTerm(
            EngineConfig config, RunMode mode, ReplicaServices replica, KbListing listing, Callbacks callbacks) {
        this.config = config;
        this.mode = mode;
        this.replica = replica;
        this.listing = listing;
        this.callbacks = callbacks;
        this.documents = new DocumentUpdate(config.store());
        this.signal = config.environment().newSignal();
        this.retry = new StepRetry(config.environment(), replica.troubles(), "lead the fleet");
        this.history = new MigrationHistory(documents, config.build().identity(), config.environment());
        this.executions = new GlobalExecution.Context(
                config.environment(),
                config.host().services(),
                documents,
                config.build().identity(),
                this::wake);
    }

    public boolean isFinished() {
        return finished;
    }

    public void wake() {
        signal.raise();
    }

    @Override
    public void run() {
        boolean led = false;
        try {
            led = lead();
            replica.troubles().succeeded(COORDINATE);
        } catch (RuntimeException | Error e) {
            if (!replica.troubles().isKnown(e)) {
                replica.troubles().failed(COORDINATE, e);
            }
        } finally {
            finished = true;
            // A term that never led has changed nothing: waking the loop would start the next one at once, and again
            if (led || callbacks.isStopping()) {
                callbacks.wakeLoop();
            }
        }
    }

    /** Leads until the term ends; returns false when another replica leads. */
    private boolean lead() {
        Optional<HeldScope> acquired = replica.leases().acquire(Epoch.COORDINATOR, this::lost);
        acquired.ifPresent(this::lead);
        return acquired.isPresent();
    }

    private void lead(HeldScope scope) {
        try {
            Steps steps = new Steps(scope);
            while (steps.goOn && !scope.isLost() && !callbacks.isStopping()) {
                retry.run(steps);
                if (steps.goOn) {
                    signal.await(retry.waitNanos(
                            callbacks.barrierWaitNanos(replica.observer().view())));
                }
            }
        } finally {
            letGo(scope);
        }
    }

    /** Called by the thread that notices the loss. */
    private void lost(HeldScope scope) {
        replica.pool().cancelUnder(scope);
        wake();
    }

    /** Never lets go of the lease before the global part is quiet. */
    private void letGo(HeldScope scope) {
        GlobalExecution execution = running;
        while (execution != null && !execution.isSettled()) {
            signal.await(config.timings().leaseTtl().toNanos());
        }
        if (scope.mayBeReleased()) {
            replica.leases().release(List.of(scope));
        } else {
            replica.leases().leaveToExpire(scope);
        }
    }

    /** The steps of this term, again and again until the term ends. */
    private final class Steps implements Runnable {

        private final HeldScope scope;
        private boolean goOn = true;

        private Steps(HeldScope scope) {
            this.scope = scope;
        }

        @Override
        public void run() {
            goOn = step(scope);
        }
    }

    /** Does what can be done now; returns whether the term goes on. */
    private boolean step(HeldScope scope) {
        while (!callbacks.isStopping() && !scope.isLost()) {
            FleetView view = replica.observer().look();
            if (!view.state().unfinished()
                    || !view.canCoordinate(
                            config.build().catalog(), config.timings().recently())
                    || view.paused()) {
                return false;
            }
            long end = view.stageEnd();
            if (view.state().open() < end) {
                if (!FullRollout.missing(view, config.timings().rolloutGrace()).isEmpty()) {
                    return !mode.isSingleRun();
                }
                open(view, scope, end);
            } else if (!view.allKbsReached(end)) {
                return true;
            } else if (!isListed(view, end)) {
                if (!listing.list(view)) {
                    return !mode.isSingleRun();
                }
                // Looks again: the list may have brought KBs that are behind
                listedFor = end;
            } else if (!runGlobalPart(view, scope, end)) {
                return !mode.isSingleRun();
            } else {
                reach(view, scope, end);
            }
        }
        return false;
    }

    /** Lets KB parts run up to the stage's end. A list that cannot be read now holds up only what comes after them. */
    private void open(FleetView view, HeldScope scope, long end) {
        if (view.state().open() == view.state().current() && !listing.isFresh(view)) {
            listing.list(view);
        }
        history.opened(view, end, scope.epoch());
        if (change(view.state(), view.state().opened(end), scope)) {
            LOG.atInfo()
                    .addKeyValue("version", end)
                    .addKeyValue("target", view.state().target())
                    .log(
                            "KBs are brought to version {} (target {})",
                            end,
                            view.state().target());
            callbacks.wakeLoop();
        }
    }

    /** Returns whether the host's list was read recently, so that none of its KBs is behind unnoticed. */
    private boolean isListed(FleetView view, long end) {
        return listedFor == end || listing.isFresh(view);
    }

    private void reach(FleetView view, HeldScope scope, long end) {
        FleetState before = view.state();
        history.reached(view, end, scope.epoch());
        if (change(before, before.reached(end), scope)) {
            LOG.atInfo()
                    .addKeyValue("version", end)
                    .addKeyValue("target", before.target())
                    .log("The fleet has reached version {} (target {})", end, before.target());
            callbacks.versionReached(end);
            config.host().listeners().tell(listener -> listener.versionReached(end));
            callbacks.wakeLoop();
        }
    }

    /** Changes the fleet's state; returns false when somebody else has changed it, or another coordinator has taken over. */
    private boolean change(FleetState before, FleetState after, HeldScope scope) {
        Outcome outcome = documents.replaceOnce(FleetState.DOCUMENT, before.revision(), after.toJson(), scope.epoch());
        if (outcome == Outcome.FENCED) {
            fenced(scope);
        }
        return outcome == Outcome.CHANGED;
    }

    /** Another coordinator has opened a newer epoch: whatever this one writes is refused, so its term must end. */
    private void fenced(HeldScope scope) {
        if (replica.leases().lose(scope, "another replica has become the coordinator")) {
            LOG.atInfo().addKeyValue("epoch", scope.epoch().number()).log("Another replica has become the coordinator");
            callbacks.superseded();
        }
    }

    /** Runs the global part of the stage's last migration; returns whether it is done, or there is none. */
    private boolean runGlobalPart(FleetView view, HeldScope scope, long version) {
        if (!Objects.requireNonNull(view.state().plan().at(version)).globalPart()) {
            return true;
        }
        GlobalPartRecord record = GlobalPartRecord.read(documents, version);
        if (record.done()) {
            return true;
        }
        if (!mode.isSingleRun() && !view.isDue(record.dueMicros())) {
            return false;
        }
        MigrationCatalog.Entry migration =
                Objects.requireNonNull(config.build().catalog().get(version));
        GlobalExecution execution = new GlobalExecution(executions, scope, view, migration, record.failures());
        replica.pool().runExtra(execution);
        running = execution;
        while (!execution.isSettled()) {
            signal.await(TimeUnit.SECONDS.toNanos(60));
        }
        running = null;
        return recordOutcome(execution);
    }

    private boolean recordOutcome(GlobalExecution execution) {
        if (execution.outcome() instanceof Done) {
            callbacks.globalPartDone(execution.version());
            return recorded(execution, execution::recordDone);
        }
        if (execution.outcome() instanceof Failed failed) {
            ErrorText error = failed.error();
            Duration retryAfter = config.timings().backoff().delay(execution.attempt(), config.environment());
            LOG.atWarn()
                    .addKeyValue("version", execution.version())
                    .setCause(error.printed())
                    .log("{} failed, next attempt in {}", execution, retryAfter);
            recorded(
                    execution,
                    () -> execution.recordFailure(
                            retry.failures() < PATIENCE ? error.text() : ErrorText.ascii(error.text()), retryAfter));
            callbacks.globalPartFailed(execution.info() + ": " + ShortText.shown(error.summary(), ShortText.ERROR));
            config.host()
                    .listeners()
                    .tell(listener -> listener.globalFailed(execution.info(), error.error(), retryAfter));
        } else if (execution.cancellation() == Cancellation.LOST) {
            // The fence may have refused one of its checkpoints
            fenced(execution.scope());
        }
        return false;
    }

    /** One write, and what came of it. */
    private static final class Attempt implements Runnable {

        private final BooleanSupplier write;
        private @Nullable Boolean written;

        private Attempt(BooleanSupplier write) {
            this.write = write;
        }

        @Override
        public void run() {
            written = write.getAsBoolean();
        }
    }

    /**
     * What a global part has brought about must not be forgotten because the store is away for a moment. Returns false when it is not on
     * record: this replica closes, or another coordinator has taken over.
     */
    private boolean recorded(GlobalExecution execution, BooleanSupplier write) {
        Attempt attempt = new Attempt(write);
        do {
            retry.run(attempt);
            if (attempt.written == null) {
                signal.await(retry.waitNanos(1));
            }
        } while (attempt.written == null && !callbacks.isStopping());
        if (attempt.written == null) {
            // The replica closes: one more attempt, without a pause
            retry.runNow(attempt);
        }
        if (Boolean.FALSE.equals(attempt.written)) {
            fenced(execution.scope());
        }
        return Boolean.TRUE.equals(attempt.written);
    }
}
