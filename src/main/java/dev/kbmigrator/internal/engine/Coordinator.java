package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.engine.Body.Cancellation;
import dev.kbmigrator.internal.engine.Body.Done;
import dev.kbmigrator.internal.engine.Body.Failed;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One term of the coordinator: brings the fleet to its target, stage by stage, as long as it holds the lock
 * {@code migrations}. All that it writes carries the coordinator's epoch.
 *
 * <ol>
 *   <li>Open the stage: enrol what the host lists, then let KB parts run up to the stage's end.
 *   <li>Wait until a look, made under the epoch, finds no enrolled KB below that version, but for those set aside, and the
 *       host's list has been gone through lately.
 *   <li>Run the global part, if the stage has one. What failed is on record, and is tried again when it is due.
 *   <li>Move the current version to the stage's end, and go on with the next stage.
 * </ol>
 */
final class Coordinator implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final String LOCK_NAME = View.lockName(Epoch.COORDINATOR);

    private final EngineConfig config;
    private final Replica replica;
    private final Board board;
    private final Slots slots;
    private final LeaseKeeper keeper;
    private final Surroundings.Signal signal;
    private final Troubles troubles;
    private final History history;
    private final boolean once;
    private volatile @Nullable GlobalBody running;
    private long listedFor = -1;
    private volatile boolean finished;

    /** A coordinator; {@code once}: its term ends with the first failure. */
    Coordinator(EngineConfig config, Replica replica, Slots slots, LeaseKeeper keeper, boolean once) {
        this.config = config;
        this.replica = replica;
        this.board = replica.board();
        this.slots = slots;
        this.keeper = keeper;
        this.once = once;
        this.history = new History(config);
        this.signal = config.surroundings().newSignal();
        this.troubles = new Troubles(config, LOG);
    }

    boolean isFinished() {
        return finished;
    }

    void wake() {
        signal.raise();
    }

    @Override
    public void run() {
        boolean led = false;
        try {
            led = lead();
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("Coordinating failed: {}", e.getMessage());
        } finally {
            finished = true;
            // One that never led has changed nothing: waking the loop would try again at once, and again
            if (led || board.isStopping()) {
                board.wakeLoop();
            }
        }
    }

    /** Leads until the term ends; answers false when another one leads. */
    private boolean lead() {
        long deadline = keeper.deadlineOfRequestSentNow();
        Optional<Lease> lease = board.asked(
                () -> config.lock().tryAcquire(LOCK_NAME, config.timings().leaseTtl()));
        if (lease.isEmpty()) {
            return false;
        }
        Held held;
        try {
            Epoch epoch = config.store().openEpochs(Set.of(Epoch.COORDINATOR)).get(Epoch.COORDINATOR);
            held = new Held(lease.get(), Objects.requireNonNull(epoch), deadline, this::wake);
        } catch (RuntimeException e) {
            keeper.releaseQuietly(List.of(lease.get()));
            throw e;
        }
        keeper.keep(held);
        try {
            boolean[] more = {true};
            while (more[0] && !held.isLost() && !board.isStopping()) {
                troubles.guard(() -> more[0] = step(held));
                if (more[0]) {
                    signal.await(troubles.delay(replica.pace().atBarrier(board.view())));
                }
            }
        } finally {
            letGo(held);
        }
        return true;
    }

    /** Never lets go of the lease before the global part is quiet. */
    private void letGo(Held held) {
        GlobalBody body = running;
        while (body != null && !body.isSettled()) {
            signal.await(config.timings().leaseTtl().toNanos());
        }
        if (held.mayBeReleased()) {
            keeper.release(List.of(held));
        } else {
            keeper.leave(held);
        }
    }

    /** Does what can be done now; answers whether the term goes on. */
    private boolean step(Held held) {
        while (!board.isStopping() && !held.isLost()) {
            View view = replica.look();
            if (!view.state().unfinished()
                    || !view.canCoordinate(config.catalog(), config.timings().lately())
                    || view.paused()) {
                return false;
            }
            long end = view.stageEnd();
            if (view.state().open() < end) {
                if (!Rollout.missing(view, config.timings().rolloutGrace()).isEmpty()) {
                    return !once;
                }
                open(view, held, end);
            } else if (!view.allKbsReached(end)) {
                return true;
            } else if (!isListed(view, end)) {
                if (!replica.enrolment().list(view)) {
                    return !once;
                }
                // Looks again: the list may have brought KBs that are behind
                listedFor = end;
            } else if (!runGlobalPart(view, held, end)) {
                return !once;
            } else {
                reach(view, held, end);
            }
        }
        return false;
    }

    /** Lets KB parts run up to the stage's end. A list that cannot be had now keeps back only what comes after them. */
    private void open(View view, Held held, long end) {
        if (view.state().open() == view.state().current()
                && !replica.enrolment().isFresh(view)) {
            replica.enrolment().list(view);
        }
        history.opened(view, end, held.epoch());
        if (change(view.state(), view.state().opened(end), held)) {
            LOG.atInfo()
                    .addKeyValue("version", end)
                    .addKeyValue("target", view.state().target())
                    .log("KBs are brought to version {}", end);
            board.wakeLoop();
        }
    }

    /** Whether the host's list was gone through lately, so that no KB of it is behind unseen. */
    private boolean isListed(View view, long end) {
        return listedFor == end || replica.enrolment().isFresh(view);
    }

    private void reach(View view, Held held, long end) {
        GlobalState before = view.state();
        history.reached(view, end, held.epoch());
        if (change(before, before.reached(end), held)) {
            replica.coordinatedWell();
            LOG.atInfo()
                    .addKeyValue("version", end)
                    .addKeyValue("target", before.target())
                    .log("The fleet has reached version {}", end);
            Listeners.tell(config, listener -> listener.versionReached(end));
            board.wakeLoop();
        }
    }

    /** Changes the global state; answers false when somebody else has changed it, or another coordinator has taken over. */
    private boolean change(GlobalState before, GlobalState after, Held held) {
        if (replica.change(before, after, held.epoch())) {
            return true;
        }
        Document stored = config.store().document(GlobalState.DOCUMENT).orElse(null);
        if ((stored == null ? 0 : stored.revision()) == before.revision()) {
            // Nobody has changed it: it was the fence that refused
            fenced(held);
        }
        return false;
    }

    /** Another coordinator has opened a newer epoch: whatever this one writes is refused, so it must not stay in its place. */
    private void fenced(Held held) {
        if (keeper.lose(held, "another replica has become the coordinator")) {
            LOG.atInfo().addKeyValue("epoch", held.epoch().number()).log("Another replica has become the coordinator");
            replica.coordinatedInVain();
        }
    }

    /** Runs the global part of the stage's last migration; answers whether it is done, or there is none. */
    private boolean runGlobalPart(View view, Held held, long version) {
        MigrationInfo info = Objects.requireNonNull(Plans.at(view.state().plan(), version));
        if (!info.globalPart()) {
            return true;
        }
        ObjectNode record = GlobalBody.read(config.store(), version);
        if (record.path("done").asBoolean()) {
            return true;
        }
        if (!once && record.path("dueMicros").asLong() > view.snapshot().storeMicros()) {
            return false;
        }
        GlobalBody body =
                new GlobalBody(config, held, view, record.path("failures").asInt(), this::wake);
        slots.runExtra(body);
        running = body;
        while (!body.isSettled()) {
            signal.await(TimeUnit.SECONDS.toNanos(60));
        }
        running = null;
        return recordOutcome(body);
    }

    private boolean recordOutcome(GlobalBody body) {
        if (body.outcome() instanceof Done) {
            replica.globalPartRan(body.version());
            return recorded(body, body::recordDone);
        }
        if (body.outcome() instanceof Failed failed) {
            Duration retryAfter = config.timings().backoff().delay(body.attempt(), config.surroundings());
            LOG.atWarn()
                    .addKeyValue("version", body.version())
                    .setCause(failed.error())
                    .log("{} failed, next attempt in {}", body, retryAfter);
            recorded(body, () -> body.recordFailure(failed, retryAfter));
            replica.globalPartFailed(
                    body.info + ": " + Texts.shorten(failed.error().toString(), 1_000));
            Listeners.tell(config, listener -> listener.globalFailed(body.info, failed.error(), retryAfter));
        } else if (body.cancellation() == Cancellation.LOST) {
            // A checkpoint of it may have been what the fence refused
            fenced(body.held);
        }
        return false;
    }

    /**
     * What a global part has brought about must not be forgotten because the store is away for a moment. Answers false when it
     * is not on record: this replica closes, or another coordinator has taken over.
     */
    private boolean recorded(GlobalBody body, BooleanSupplier write) {
        boolean[] written = {false};
        boolean[] answered = {false};
        do {
            troubles.guard(() -> {
                written[0] = write.getAsBoolean();
                answered[0] = true;
            });
            if (!answered[0]) {
                signal.await(troubles.delay(1));
            }
        } while (!answered[0] && !board.isStopping());
        if (answered[0] && !written[0]) {
            fenced(body.held);
        }
        return written[0];
    }
}
