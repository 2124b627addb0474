package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.listing.KbListing;
import dev.kbmigrator.internal.listing.ListingSchedule;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.worker.PartitionQueue;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * When and how a single run ends: when every due KB has been tried, by this replica or by another, or when nothing can be done. Belongs
 * to the replica's loop.
 */
final class RunCompletion {

    /** How a run ended. */
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

    private final Environment environment;
    private final Timings timings;
    private final LocalBuild build;
    private final DocumentUpdate documents;
    private final ReplicaServices replica;
    private final PartitionQueue queue;
    private final KbListing listing;
    private final ListingSchedule listings;
    private long startedMicros;

    /**
     * What a run's end depends on.
     *
     * @param queue what is left for this replica
     * @param listing the host's list
     * @param listings when it is read
     */
    record Work(PartitionQueue queue, KbListing listing, ListingSchedule listings) {}

    RunCompletion(
            Environment environment,
            Timings timings,
            LocalBuild build,
            DocumentUpdate documents,
            ReplicaServices replica,
            Work work) {
        this.environment = environment;
        this.timings = timings;
        this.build = build;
        this.documents = documents;
        this.replica = replica;
        this.queue = work.queue();
        this.listing = work.listing();
        this.listings = work.listings();
    }

    /** Tells the run's first view. */
    void began(FleetView first) {
        startedMicros = first.snapshot().storeMicros();
    }

    /** Returns the last error of the loop, if there is no point in trying again. */
    @Nullable
    RuntimeException hopeless(@Nullable RuntimeException lastError) {
        boolean tooLong =
                replica.observer().silentNanos() > 2 * timings.leaseTtl().toNanos();
        return replica.observer().viewOrNull() == null || tooLong ? lastError : null;
    }

    /** Returns why nothing has been started for a long time, if that is so. */
    @Nullable
    RuntimeException nothingCanBeStarted() {
        long now = environment.nanoTime();
        long ttl = timings.leaseTtl().toNanos();
        ExecutionPool.Rejection rejection = replica.pool().rejection();
        if (rejection != null && now - rejection.since() > ttl) {
            return new IllegalStateException(
                    "the host's executor has not accepted a task for "
                            + Duration.ofNanos(now - rejection.since()).toSeconds() + " s: " + rejection.error(),
                    rejection.error());
        }
        Throwable noLock = replica.leases().lockOutage().hopeless(2 * ttl);
        return noLock == null
                ? null
                : new IllegalStateException("the lock service does not respond: " + noLock, noLock);
    }

    /** Returns what the next global part said, if it has failed since this run began, in whichever replica. */
    @Nullable
    String globalFailureElsewhere(FleetView view) {
        if (!view.state().unfinished()) {
            return null;
        }
        return GlobalPartRecord.standingFailure(documents, view)
                .filter(failure -> failure.record().failedMicros() >= startedMicros)
                .map(GlobalPartRecord.Failure::toString)
                .orElse(null);
    }

    /** Returns how the run ends, as things stand; null when it goes on. */
    @Nullable
    End endOf(FleetView view, boolean coordinating, @Nullable String globalFailure) {
        if (view.paused()) {
            return End.PAUSED;
        }
        if (!view.comparison().member()) {
            return End.DONE;
        }
        if (queue.workers() > 0 || listings.isRunning() || listings.hasEndedSince(view)) {
            return null;
        }
        if (view.state().unfinished() && view.state().open() < view.stageEnd() && coordinating) {
            // The coordinator has yet to open the stage
            return null;
        }
        Set<Integer> open = new TreeSet<>(view.duePartitions());
        open.removeAll(queue.unfinishable());
        if (!open.isEmpty()) {
            return null;
        }
        boolean failing = view.recordedBelow(view.state().open()) > 0
                || !queue.unfinishable().isEmpty()
                || globalFailure != null
                || listing.failure() != null;
        if (view.state().unfinished() && !failing) {
            if (FullRollout.isWaitedFor(view, timings.rolloutGrace())) {
                return End.DONE;
            }
            // A replica coordinates, this one or another, unless none here can
            return view.canCoordinate(build.catalog(), timings.recently()) ? null : End.DONE;
        }
        return failing ? End.FAILED : End.DONE;
    }
}
