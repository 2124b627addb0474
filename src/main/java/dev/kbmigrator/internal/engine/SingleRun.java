package dev.kbmigrator.internal.engine;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** How and when a single run ends: when every due KB has been tried, by this replica or by another, or when nothing can be. */
final class SingleRun {

    /** How a single run ended. */
    enum End {
        /** The fleet is where it should be, as far as this build knows. */
        DONE,
        /** Something failed. */
        FAILED,
        /** An operator has paused the fleet. */
        PAUSED,
        /** The replica was closed. */
        CLOSED
    }

    private final EngineConfig config;
    private final Board board;
    private final Slots slots;
    private final Listings listings;
    private final Enrolment enrolment;
    private long startedMicros;

    SingleRun(EngineConfig config, Board board, Slots slots, Listings listings, Enrolment enrolment) {
        this.config = config;
        this.board = board;
        this.slots = slots;
        this.listings = listings;
        this.enrolment = enrolment;
    }

    /** With its first look. */
    void began(View first) {
        startedMicros = first.snapshot().storeMicros();
    }

    /** The last trouble with the shared state, if there is no point in trying again. */
    @Nullable
    RuntimeException hopeless(@Nullable RuntimeException last, long silentNanos) {
        boolean tooLong = silentNanos > 2 * config.timings().leaseTtl().toNanos();
        return board.viewOrNull() == null || tooLong ? last : null;
    }

    /** Why nothing has been started for long, if that is so. */
    @Nullable
    RuntimeException nothingCanBeStarted() {
        long now = config.surroundings().nanoTime();
        long ttl = config.timings().leaseTtl().toNanos();
        Slots.Rejection rejection = slots.rejection();
        if (rejection != null && now - rejection.since() > ttl) {
            return new IllegalStateException(
                    "the host's executor has taken nothing since " + Duration.ofNanos(now - rejection.since())
                            + " ago: " + rejection.error(),
                    rejection.error());
        }
        Throwable noLock = board.lockOutage.hopeless(now, 2 * ttl);
        return noLock == null ? null : new IllegalStateException("the lock service does not answer: " + noLock, noLock);
    }

    /** Another replica may be the one whose global part has failed since this run began. */
    @Nullable
    String globalFailureElsewhere(View view) {
        if (!view.state().unfinished()) {
            return null;
        }
        return GlobalBody.failureThatStands(config.store(), view)
                .filter(record -> record.path("failedMicros").asLong() >= startedMicros)
                .map(GlobalBody::describeFailure)
                .orElse(null);
    }

    /** How it ends, as things stand; null: it goes on. */
    @Nullable
    End endOf(View view, boolean coordinating, @Nullable String globalFailure) {
        if (view.paused()) {
            return End.PAUSED;
        }
        if (board.workers() > 0 || listings.isRunning() || listings.hasEndedSince(view)) {
            return null;
        }
        if (view.state().unfinished() && view.state().open() < view.stageEnd() && coordinating) {
            // It has yet to open the stage
            return null;
        }
        Set<Integer> open = new TreeSet<>(view.duePartitions());
        open.removeAll(board.unfinishable());
        if (!open.isEmpty()) {
            return null;
        }
        boolean failing = view.failing(view.state().open()) > 0
                || !board.unfinishable().isEmpty()
                || globalFailure != null
                || enrolment.failure() != null;
        if (view.state().unfinished() && !failing) {
            if (Rollout.isWaitedFor(view, config.timings().rolloutGrace())) {
                return End.DONE;
            }
            // Someone coordinates, this replica or another, unless nobody here can
            return view.canCoordinate(config.catalog(), config.timings().lately()) ? null : End.DONE;
        }
        return failing ? End.FAILED : End.DONE;
    }
}
