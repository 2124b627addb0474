package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.engine.Body.Done;
import dev.kbmigrator.internal.engine.Body.Failed;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
        try {
            lead();
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("Coordinating failed: {}", e.getMessage());
        } finally {
            finished = true;
            board.wakeLoop();
        }
    }

    private void lead() {
        long deadline = keeper.deadlineOfRequestSentNow();
        Optional<Lease> lease =
                config.lock().tryAcquire(LOCK_NAME, config.timings().leaseTtl());
        if (lease.isEmpty()) {
            return;
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
                    signal.await(troubles.delay(config.timings().activeLook().toNanos()));
                }
            }
        } finally {
            letGo(held);
        }
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
            if (!view.state().unfinished() || !view.canCoordinate(config.catalog()) || view.paused()) {
                return false;
            }
            long end = view.stageEnd();
            if (view.state().open() < end) {
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
        return true;
    }

    /** Lets KB parts run up to the stage's end. A list that cannot be had now keeps back only what comes after them. */
    private void open(View view, Held held, long end) {
        if (view.state().open() == view.state().current()
                && !replica.enrolment().isFresh(view)) {
            replica.enrolment().list(view);
        }
        history.opened(view, end, held.epoch());
        if (replica.change(view.state(), view.state().opened(end), held.epoch())) {
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
        if (replica.change(before, before.reached(end), held.epoch())) {
            LOG.atInfo()
                    .addKeyValue("version", end)
                    .addKeyValue("target", before.target())
                    .log("The fleet has reached version {}", end);
            Listeners.tell(config, listener -> listener.versionReached(end));
            board.wakeLoop();
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
        Migration migration = Objects.requireNonNull(config.catalog().get(version));
        GlobalBody body = new GlobalBody(
                config, held, info, migration, record.path("failures").asInt(), this::wake);
        slots.runExtra(body);
        running = body;
        while (!body.isSettled()) {
            signal.await(TimeUnit.SECONDS.toNanos(60));
        }
        running = null;
        return recordOutcome(view, body);
    }

    private boolean recordOutcome(View view, GlobalBody body) {
        long storeMicros = view.snapshot().storeMicros()
                + TimeUnit.NANOSECONDS.toMicros(config.surroundings().nanoTime() - view.takenAt());
        if (body.outcome() instanceof Done) {
            replica.globalPartRan(body.version());
            return retried(() -> body.update(record -> record.put("done", true)
                    .put("instance", config.identity().id())
                    .put("build", config.identity().build())
                    .put("finishedMicros", storeMicros)));
        }
        if (body.outcome() instanceof Failed failed) {
            Duration retryAfter = config.timings().backoff().delay(body.attempt(), config.surroundings());
            LOG.atWarn()
                    .addKeyValue("version", body.version())
                    .setCause(failed.error())
                    .log("{} failed, next attempt in {}", body, retryAfter);
            retried(() -> body.update(record -> record.put("failures", body.attempt())
                    .put("error", Texts.ofError(failed.error()))
                    .put("failedMicros", storeMicros)
                    .put("dueMicros", storeMicros + retryAfter.toNanos() / 1_000)));
            replica.globalPartFailed(
                    body.info + ": " + Texts.shorten(failed.error().toString(), 1_000));
            Listeners.tell(config, listener -> listener.globalFailed(body.info, failed.error(), retryAfter));
        }
        return false;
    }

    /** What a global part has brought about must not be forgotten because the store is away for a moment. */
    private boolean retried(Supplier<Boolean> write) {
        boolean[] written = {false};
        boolean[] answered = {false};
        do {
            troubles.guard(() -> {
                written[0] = write.get();
                answered[0] = true;
            });
            if (!answered[0]) {
                signal.await(troubles.delay(1));
            }
        } while (!answered[0] && !board.isStopping());
        return written[0];
    }
}
