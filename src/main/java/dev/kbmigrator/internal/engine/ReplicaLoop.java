package dev.kbmigrator.internal.engine;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.Readiness;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.coordinator.CoordinatorTerm;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ExecutionWatchdog;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.listing.ListingSchedule;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.look.LookSchedule;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.internal.support.StepRetry;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.Worker;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica at work: it looks at the shared state again and again, and does what there is to do.
 *
 * <ol>
 *   <li>Look: one round trip. When there is nothing to do, this is all.
 *   <li>Announce the migrations that the fleet's plan does not have yet, by compare-and-set: that sets the target.
 *   <li>While the target is unfinished, try to become the coordinator ({@link CoordinatorTerm}).
 *   <li>While KBs are due, let {@link Worker}s take them.
 * </ol>
 *
 * <p>In the background it goes on until it is stopped. A single run ends when every due KB has been tried, by this replica or by
 * another ({@link RunCompletion}).
 */
final class ReplicaLoop {

    private static final Logger LOG = LoggerFactory.getLogger(ReplicaLoop.class);
    private static final Backoff STAY_AWAY = new Backoff(Duration.ofMillis(200), Duration.ofMinutes(1));

    private final EngineConfig config;
    private final RunMode mode;
    private final Environment environment;
    private final Environment.Signal signal;
    private final Environment.Signal endSignal;
    private final FleetObserver observer;
    private final PartitionQueue queue;
    private final ExecutionPool pool;
    private final ReplicaServices services;
    private final HostKbs host;
    private final KbListing listing;
    private final ListingSchedule listings;
    private final LookSchedule looks;
    private final RunCompletion completion;
    private final DocumentUpdate documents;
    private final StepRetry retry;
    private final List<Long> globalParts = new ArrayList<>();
    private volatile @Nullable String globalFailure;
    private volatile @Nullable RuntimeException fatal;
    private volatile boolean ended;
    private @Nullable CoordinatorTerm coordinator;
    private RunCompletion.@Nullable End end;
    private String standingBy = "";
    private boolean hasStepped;
    private boolean hasLooked;
    private int termsInVain;
    private long coordinateFrom;

    ReplicaLoop(EngineConfig config, RunMode mode) {
        StateStore store = config.store();
        Duration ttl = config.timings().leaseTtl();
        this.config = config;
        this.mode = mode;
        this.environment = config.environment();
        this.signal = environment.newSignal();
        this.endSignal = environment.newSignal();
        this.observer = new FleetObserver(store, config.build(), config.timings(), environment);
        this.queue = new PartitionQueue(config.concurrency(), config.timings(), environment, signal);
        this.pool = new ExecutionPool(
                config.host().executor(), config.concurrency().kbs(), environment, queue::wakeWorkers);
        ExecutionWatchdog watchdog = new ExecutionWatchdog(pool, ttl, environment);
        LeaseKeeper keeper = new LeaseKeeper(config.storage(), ttl, environment, watchdog::check);
        this.services = new ReplicaServices(observer, pool, keeper);
        this.host = new HostKbs(
                config.host().knowledgeBoxes(), config.build().identity().id());
        this.listing = new KbListing(store, host, observer, config.timings(), environment, queue::isStopping);
        this.listings = new ListingSchedule(listing, store, mode, config.timings(), environment, signal);
        this.looks = new LookSchedule(observer, queue, mode, config.timings(), environment);
        this.documents = new DocumentUpdate(store);
        this.completion = new RunCompletion(
                environment,
                config.timings(),
                config.build(),
                documents,
                services,
                new RunCompletion.Work(queue, listing, listings));
        this.retry = new StepRetry(environment, LOG);
        this.coordinateFrom = environment.nanoTime();
        observer.subscribe(queue::update);
        observer.subscribe(view -> pool.pause(view.paused()));
    }

    FleetObserver observer() {
        return observer;
    }

    PartitionQueue queue() {
        return queue;
    }

    ExecutionPool pool() {
        return pool;
    }

    KbListing listing() {
        return listing;
    }

    /** Begins, in a thread of its own. A single run makes its first step in the caller's thread: usually there is nothing to do. */
    void start() {
        if (mode.isSingleRun() && !Thread.currentThread().isInterrupted()) {
            untilTheEnd(this::stepOnce);
        }
        if (!ended) {
            environment.start("kb-migrator", () -> untilTheEnd(this::stepAgainAndAgain));
        }
    }

    boolean hasEnded() {
        return ended;
    }

    /** Returns whether it goes on until it is stopped. */
    boolean isBackground() {
        return !mode.isSingleRun();
    }

    /** Waits until it has ended, for at most the given time. */
    void awaitEnd(long nanos) throws InterruptedException {
        if (!ended) {
            endSignal.awaitInterruptibly(nanos);
        }
        if (ended) {
            // A signal wakes one thread; others may wait
            endSignal.raise();
        }
    }

    /** Waits until it has ended, the deadline has passed or this thread is interrupted; returns whether it has ended. */
    boolean awaitEndUntil(long deadline) {
        boolean interrupted = false;
        while (!ended) {
            long left = deadline - environment.nanoTime();
            if (left <= 0) {
                break;
            }
            try {
                awaitEnd(left);
            } catch (InterruptedException e) {
                interrupted = true;
                break;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return ended;
    }

    Readiness readiness() {
        return observer.readiness();
    }

    /** Returns how it ended; null while it has not, or when {@link #fatal} says why. */
    RunCompletion.@Nullable End end() {
        return end;
    }

    /** Returns the error that ended it; null when none did. */
    @Nullable
    RuntimeException fatal() {
        return fatal;
    }

    /** Returns what the global part that comes next said when it failed; null when it has not. */
    @Nullable
    String globalFailure() {
        return globalFailure;
    }

    /** Returns the versions whose global part this replica has run. */
    synchronized List<Long> globalParts() {
        return List.copyOf(globalParts);
    }

    void wake() {
        signal.raise();
    }

    /** Takes nothing more, and cancels what runs. */
    void stop() {
        pool.close();
        queue.stop();
        pool.cancelAll(false);
    }

    /** Interrupts what still runs. */
    void interrupt() {
        pool.cancelAll(true);
    }

    /** What the coordinator of this replica calls, in its own thread. */
    final class CoordinatorCallbacks implements CoordinatorTerm.Callbacks {

        @Override
        public boolean isStopping() {
            return queue.isStopping();
        }

        @Override
        public void wakeLoop() {
            wake();
        }

        @Override
        public long barrierWaitNanos(FleetView view) {
            return looks.atBarrier(view);
        }

        @Override
        public void versionReached(long version) {
            synchronized (ReplicaLoop.this) {
                termsInVain = 0;
            }
        }

        @Override
        public void superseded() {
            synchronized (ReplicaLoop.this) {
                Duration delay = STAY_AWAY.delay(++termsInVain, environment);
                coordinateFrom = environment.nanoTime() + delay.toNanos();
            }
        }

        @Override
        public void globalPartDone(long version) {
            synchronized (ReplicaLoop.this) {
                globalParts.add(version);
                globalFailure = null;
            }
        }

        @Override
        public void globalPartFailed(String error) {
            globalFailure = error;
        }
    }

    private synchronized boolean staysAway() {
        return coordinateFrom - environment.nanoTime() > 0;
    }

    private void stepAgainAndAgain() {
        while (goesOn()) {
            if (hasStepped) {
                signal.await(waitNanos());
            }
            if (goesOn()) {
                stepOnce();
            }
        }
    }

    private boolean goesOn() {
        return !queue.isStopping() && end == null && fatal == null;
    }

    private void stepOnce() {
        hasStepped = true;
        retry.run(this::step);
        if (mode.isSingleRun() && end == null && retry.failures() > 0) {
            fatal = completion.hopeless(retry.lastError());
        }
    }

    /** Makes steps, and comes to the end if this replica does not go on after them. */
    private void untilTheEnd(Runnable steps) {
        try {
            steps.run();
            if (goesOn()) {
                return;
            }
            queue.stop();
            if (coordinator != null) {
                // It may be waiting for KBs, or for its next attempt
                coordinator.wake();
            }
            while (queue.workers() > 0 || isCoordinating() || listings.isRunning()) {
                signal.await(TimeUnit.SECONDS.toNanos(1));
            }
        } catch (RuntimeException | Error e) {
            LOG.atError()
                    .setCause(e)
                    .log(
                            "The migrator ended because of an internal error: {}",
                            ShortText.shown(String.valueOf(e.getMessage()), ShortText.ERROR));
            fatal = e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
        }
        if (end == null) {
            end = RunCompletion.End.CLOSED;
        }
        ended = true;
        endSignal.raise();
    }

    private void step() {
        boolean singleRun = mode.isSingleRun();
        // Not whether there is a view: status() may have looked before this loop did
        boolean first = !hasLooked;
        if (singleRun && first) {
            // What failed before this run began is tried once more, even if its next attempt is not due
            observer.retryWhatFailedBefore(Long.MAX_VALUE);
        }
        FleetView view = observer.look();
        hasLooked = true;
        if (singleRun && first) {
            completion.began(view);
            observer.retryWhatFailedBefore(view.snapshot().storeMicros());
        }
        if (singleRun && !view.comparison().problems().isEmpty()) {
            fatal = new InvalidMigrationsException(view.comparison().problems());
            return;
        }
        standBy(view.comparison().standingBy());
        FleetView announced = announce(view);
        if (announced == null) {
            return;
        }
        looks.goesBy(announced);
        if (singleRun && !first && globalFailure == null && !isCoordinating()) {
            // Asked before it tries to coordinate again: while it tries, a failure might be its own
            globalFailure = completion.globalFailureElsewhere(announced);
        }
        act(announced);
        if (singleRun) {
            end = completion.endOf(announced, isCoordinating(), globalFailure);
            fatal = completion.nothingCanBeStarted();
        }
    }

    /** Adds to the plan what only this build knows. Returns the view to go by; null when somebody else has changed the state. */
    private @Nullable FleetView announce(FleetView view) {
        FleetState before = view.state();
        FleetState wanted = before.extended(view.comparison().extension());
        boolean isNews = before.target() != wanted.target()
                || before.plan().migrations().size()
                        != wanted.plan().migrations().size();
        if (view.paused() || !view.comparison().member() || !isNews) {
            return view;
        }
        if (documents.replaceOnce(FleetState.DOCUMENT, before.revision(), wanted.toJson(), null)
                != DocumentUpdate.Outcome.CHANGED) {
            // What this build knows may still be news to the state as it is now
            wake();
            return null;
        }
        logTarget(wanted);
        return observer.look();
    }

    private static void logTarget(FleetState state) {
        if (state.unfinished()) {
            LOG.atInfo()
                    .addKeyValue("current", state.current())
                    .addKeyValue("target", state.target())
                    .log("The fleet is at version {}, its target is version {}", state.current(), state.target());
        } else {
            LOG.atInfo()
                    .addKeyValue("current", state.current())
                    .log(
                            "The fleet stays at version {}: {}",
                            state.current(),
                            state.heldByCap().orElse("no newer version is to be run"));
        }
    }

    private void act(FleetView view) {
        if (view.paused() || !view.comparison().member()) {
            return;
        }
        if (coordinator != null && !coordinator.isFinished()) {
            if (queue.workers() == 0) {
                // Before that the coordinator would wait in vain: what the workers have in hand keeps the barrier
                // closed
                coordinator.wake();
            }
        } else if (mayCoordinate(view)) {
            coordinator = new CoordinatorTerm(config, mode, services, listing, new CoordinatorCallbacks());
            environment.start("kb-migrator-coordinator", coordinator);
        }
        startWorkers();
        listings.startIfDue(view);
    }

    private boolean mayCoordinate(FleetView view) {
        return view.state().unfinished()
                && view.canCoordinate(config.build().catalog(), config.timings().recently())
                && !FullRollout.isWaitedFor(view, config.timings().rolloutGrace())
                && !staysAway()
                && !(mode.isSingleRun() && (globalFailure != null || listing.failure() != null));
    }

    private void startWorkers() {
        int wanted = queue.wantedWorkers();
        for (int running = queue.workers(); running < wanted && queue.hasAvailable(); running++) {
            Environment.Signal workerSignal = environment.newSignal();
            Worker worker = new Worker(config, services, queue, host, workerSignal);
            queue.workerStarted(workerSignal);
            environment.start("kb-migrator-worker", worker);
        }
    }

    private boolean isCoordinating() {
        return coordinator != null && !coordinator.isFinished();
    }

    private void standBy(Optional<String> reason) {
        String now = reason.orElse("");
        if (!now.equals(standingBy)) {
            standingBy = now;
            if (!now.isEmpty()) {
                LOG.atWarn().log("Standing by: {}", now);
                config.host().listeners().tell(listener -> listener.standingBy(now));
            }
        }
    }

    private long waitNanos() {
        FleetView view = observer.viewOrNull();
        long usual = view == null ? config.timings().activeLook().toNanos() : looks.afterLook(view);
        return retry.waitNanos(usual);
    }
}
