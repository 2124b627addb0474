package dev.kbmigrator.internal.engine;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.Readiness;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica at work: looks at the shared state again and again, and does what there is to do.
 *
 * <ol>
 *   <li>Look: one round trip. When there is nothing to do, this is all.
 *   <li>Announce the migrations that the fleet's plan does not have yet, by compare-and-set: that sets the target.
 *   <li>While the target is unfinished, try to be the {@link Coordinator}.
 *   <li>While KBs are due, let {@link Worker}s take them.
 * </ol>
 *
 * <p>In the background it goes on until it is stopped. Once, it ends when every due KB has been tried, by this replica or by
 * another, and says how it ended.
 */
final class Replica {

    private static final Logger LOG = LoggerFactory.getLogger(Replica.class);
    private static final Backoff STAY_AWAY = new Backoff(Duration.ofMillis(200), Duration.ofMinutes(1));

    private final EngineConfig config;
    private final boolean once;
    private final Surroundings.Signal signal;
    private final Board board;
    private final Slots slots;
    private final LeaseKeeper keeper;
    private final Enrolment enrolment;
    private final Listings listings;
    private final Pace pace;
    private final ThoroughLooks thoroughLooks;
    private final SingleRun singleRun;
    private final Troubles troubles;
    private final List<Long> globalParts = new ArrayList<>();
    private volatile @Nullable String globalFailure;
    private volatile @Nullable RuntimeException fatal;
    private @Nullable Coordinator coordinator;
    private SingleRun.@Nullable End end;
    private String standingBy = "";
    private volatile long lastSuccess;
    private volatile boolean ended;
    private boolean hasPassed;
    private int termsInVain;
    private long coordinateFrom;
    private final Surroundings.Signal endSignal;

    Replica(EngineConfig config, boolean once) {
        this.config = config;
        this.once = once;
        this.signal = config.surroundings().newSignal();
        this.endSignal = config.surroundings().newSignal();
        this.board = new Board(config, signal);
        this.slots = new Slots(config, board::wakeWorkers);
        this.keeper = new LeaseKeeper(config, slots);
        this.enrolment = new Enrolment(config, board);
        this.listings = new Listings(config, enrolment, signal, once);
        this.pace = new Pace(config, board, once);
        this.singleRun = new SingleRun(config, board, slots, listings, enrolment);
        this.troubles = new Troubles(config, LOG);
        this.thoroughLooks = new ThoroughLooks(config);
        this.lastSuccess = config.surroundings().nanoTime();
        this.coordinateFrom = lastSuccess;
    }

    Board board() {
        return board;
    }

    Slots slots() {
        return slots;
    }

    Enrolment enrolment() {
        return enrolment;
    }

    Pace pace() {
        return pace;
    }

    /** Begins, in a thread of its own. A single run makes its first pass in the caller's: mostly there is nothing to do. */
    void start() {
        if (once && !Thread.currentThread().isInterrupted()) {
            untilTheEnd(this::pass);
        }
        if (!ended) {
            config.surroundings().start("kb-migrator", () -> untilTheEnd(this::passAgainAndAgain));
        }
    }

    boolean hasEnded() {
        return ended;
    }

    /** Whether it goes on until it is stopped. */
    boolean isBackground() {
        return !once;
    }

    /** Waits until it has ended, but no longer than that. */
    void awaitEnd(long nanos) throws InterruptedException {
        if (!ended) {
            endSignal.awaitInterruptibly(nanos);
        }
        if (ended) {
            // A signal wakes one; there may be others who wait
            endSignal.raise();
        }
    }

    /** Whether this build knows what is open, and the fleet still counts with this replica. */
    Readiness readiness() {
        View view = board.viewOrNull();
        if (view == null) {
            return Readiness.notReady("no look at the shared state has succeeded yet");
        }
        Duration silent = Duration.ofNanos(config.surroundings().nanoTime() - lastSuccess);
        if (silent.compareTo(config.timings().rolloutGrace().dividedBy(2)) > 0) {
            return Readiness.notReady("no look at the shared state has succeeded for " + silent.toSeconds()
                    + " s: the fleet may soon stop waiting for this replica");
        }
        return Rollout.openButUnknown(view)
                .map(migration -> Readiness.notReady("the fleet has started " + migration
                        + ", which needs a full rollout and which this build does not know"))
                .orElse(Readiness.READY);
    }

    /** How it ended; null while it has not, or when {@link #fatal} says why. */
    SingleRun.@Nullable End end() {
        return end;
    }

    @Nullable
    RuntimeException fatal() {
        return fatal;
    }

    @Nullable
    String globalFailure() {
        return globalFailure;
    }

    synchronized List<Long> globalParts() {
        return List.copyOf(globalParts);
    }

    synchronized void globalPartRan(long version) {
        globalParts.add(version);
        globalFailure = null;
    }

    /** Its term brought the fleet on. */
    synchronized void coordinatedWell() {
        termsInVain = 0;
    }

    /** Its term was ended by another coordinator: when both were granted the lock, one of them has to make room. */
    synchronized void coordinatedInVain() {
        Duration delay = STAY_AWAY.delay(++termsInVain, config.surroundings());
        coordinateFrom = config.surroundings().nanoTime() + delay.toNanos();
    }

    private synchronized boolean standsBack() {
        return coordinateFrom - config.surroundings().nanoTime() > 0;
    }

    void globalPartFailed(String error) {
        globalFailure = error;
    }

    void wake() {
        signal.raise();
    }

    /** Stops taking; cancels what runs at its next checkpoint. */
    void stop() {
        slots.close();
        board.stop();
        slots.cancel(body -> true, Body.Cancellation.CLOSING, false);
    }

    /** Interrupts what still runs. */
    void interrupt() {
        slots.cancel(body -> true, Body.Cancellation.CLOSING, true);
    }

    private void passAgainAndAgain() {
        while (goesOn()) {
            if (hasPassed) {
                signal.await(waitNanos());
            }
            if (goesOn()) {
                pass();
            }
        }
    }

    private boolean goesOn() {
        return !board.isStopping() && end == null && fatal == null;
    }

    private void pass() {
        hasPassed = true;
        troubles.guard(this::step);
        if (once && end == null && troubles.failures() > 0) {
            fatal = singleRun.hopeless(troubles.last(), config.surroundings().nanoTime() - lastSuccess);
        }
    }

    /** Does that, and comes to its end if this replica does not go on after it. */
    private void untilTheEnd(Runnable passes) {
        try {
            passes.run();
            if (goesOn()) {
                return;
            }
            board.stop();
            if (coordinator != null) {
                // It may wait for KBs, or for its next attempt
                coordinator.wake();
            }
            while (board.workers() > 0 || isCoordinating() || listings.isRunning()) {
                signal.await(TimeUnit.SECONDS.toNanos(1));
            }
        } catch (RuntimeException | Error e) {
            LOG.atError().setCause(e).log("The migrator ended by an error of its own: {}", e.getMessage());
            fatal = e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
        }
        if (end == null) {
            end = SingleRun.End.CLOSED;
        }
        ended = true;
        endSignal.raise();
    }

    /** One pass over the shared state. Safe for use by the coordinator's thread too. */
    View look() {
        long sentAt = config.surroundings().nanoTime();
        View before = board.viewOrNull();
        boolean thorough = before != null && thoroughLooks.isDue(before, sentAt);
        Heartbeat self = new Heartbeat(
                config.identity().id(),
                config.identity().node(),
                config.identity().build(),
                config.catalog().newest(),
                readiness().ready(),
                board.due(),
                thorough);
        Snapshot snapshot = config.store().look(self);
        View view = View.of(snapshot, sentAt, config.catalog(), config.baseline());
        if (thorough) {
            thoroughLooks.showed(view);
        }
        board.update(view);
        slots.pause(board.view().paused());
        lastSuccess = sentAt;
        pace.took(config.surroundings().nanoTime() - sentAt);
        return view;
    }

    /** Changes the global state, if nobody has changed it since it was read. */
    boolean change(GlobalState before, GlobalState after, @Nullable Epoch fence) {
        return config.store().compareAndSet(GlobalState.DOCUMENT, before.revision(), after.toJson(), fence);
    }

    private void step() {
        if (once && board.viewOrNull() == null) {
            // What failed before this run began is tried once more, whatever its next attempt
            board.retryWhatFailedBefore(Long.MAX_VALUE);
        }
        boolean first = board.viewOrNull() == null;
        View view = look();
        if (once && first) {
            singleRun.began(view);
            board.retryWhatFailedBefore(view.snapshot().storeMicros());
        }
        if (once && !view.knowledge().problems().isEmpty()) {
            fatal = new InvalidMigrationsException(view.knowledge().problems());
            return;
        }
        standBy(view.knowledge().standingBy());
        GlobalState wanted = view.state().extended(view.knowledge().extension());
        if (!view.paused() && isNews(view.state(), wanted)) {
            if (!change(view.state(), wanted, null)) {
                // Somebody else changed it in between; what this build knows may still be news to it
                signal.raise();
                return;
            }
            LOG.atInfo()
                    .addKeyValue("current", wanted.current())
                    .addKeyValue("target", wanted.target())
                    .log("The fleet's target is version {}", wanted.target());
            view = look();
        }
        pace.goesBy(view);
        if (once && !first && globalFailure == null && !isCoordinating()) {
            // Asked before it tries to coordinate again: while it tries, a failure might be its own
            globalFailure = singleRun.globalFailureElsewhere(view);
        }
        act(view);
        if (once) {
            end = singleRun.endOf(view, isCoordinating(), globalFailure);
            fatal = singleRun.nothingCanBeStarted();
        }
    }

    private static boolean isNews(GlobalState before, GlobalState wanted) {
        return before.target() != wanted.target()
                || before.plan().size() != wanted.plan().size();
    }

    private void act(View view) {
        if (view.paused()) {
            return;
        }
        if (coordinator != null && !coordinator.isFinished()) {
            if (board.workers() == 0) {
                // Before that there is nothing in it for a coordinator: what they have in hand keeps it waiting
                coordinator.wake();
            }
        } else if (view.state().unfinished()
                && view.canCoordinate(config.catalog(), config.timings().lately())
                && !Rollout.isWaitedFor(view, config.timings().rolloutGrace())
                && !standsBack()
                && !(once && (globalFailure != null || enrolment.failure() != null))) {
            coordinator = new Coordinator(config, this, slots, keeper, once);
            config.surroundings().start("kb-migrator-coordinator", coordinator);
        }
        startWorkers();
        listings.startIfDue(view);
    }

    private void startWorkers() {
        int wanted = board.wantedWorkers();
        for (int running = board.workers(); running < wanted && board.hasCandidates(); running++) {
            Worker worker = new Worker(config, board, slots, keeper);
            board.workerStarted(worker);
            config.surroundings().start("kb-migrator-worker", worker);
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
                Listeners.tell(config, listener -> listener.standingBy(now));
            }
        }
    }

    private long waitNanos() {
        View view = board.viewOrNull();
        return troubles.delay(view == null ? config.timings().activeLook().toNanos() : pace.afterLook(view));
    }
}
