package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigratorException;
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
import dev.kbmigrator.internal.state.ListingRecord;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecordCount;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    private List<Object> lastShown = List.of();

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

    /** Notes what each look shows; called under the observer's monitor. */
    void saw(FleetView view) {
        List<Object> shown = movable(view);
        if (!shown.equals(lastShown)) {
            lastShown = shown;
            replica.troubles().moved();
        }
    }

    /** What is on its way in the fleet: not who is alive, what was claimed, or for how long something waits. */
    private static List<Object> movable(FleetView view) {
        List<Object> shown = new ArrayList<>(view.snapshot().floors());
        for (Document document : view.snapshot().documents()) {
            shown.add(document.name());
            shown.add(
                    document.name().equals(ListingRecord.DOCUMENT)
                            ? KbListing.progressOf(document)
                            : document.revision());
        }
        for (KbRecordCount count : view.snapshot().recordCounts()) {
            shown.addAll(List.of(
                    count.partition(), count.version(), (long) count.due() + count.waiting(), count.setAside()));
        }
        return shown;
    }

    /**
     * Returns why there is no point in going on: the store was never there, or one step has failed at each attempt for two ttls, while
     * nothing ran here and nothing moved anywhere.
     */
    @Nullable
    RuntimeException hopeless(@Nullable RuntimeException lastError) {
        if (replica.observer().viewOrNull() == null) {
            return lastError;
        }
        Optional<Troubles.Persistent> trouble =
                replica.troubles().persistent(2 * timings.leaseTtl().toNanos());
        if (trouble.isEmpty() || listings.isRunning() || !replica.pool().busy().isEmpty()) {
            return null;
        }
        Troubles.Persistent persistent = trouble.get();
        Instant since = environment.now().minus(persistent.lasts()).truncatedTo(ChronoUnit.SECONDS);
        return new MigratorException(
                "cannot " + persistent.step() + ": " + ErrorText.summary(persistent.error()) + ". All "
                        + persistent.times() + " attempts since " + since + " (for "
                        + persistent.lasts().toSeconds() + " s) have failed, and nothing has moved meanwhile",
                persistent.error());
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
        // One that has never responded; for one that does no longer, hopeless() waits
        Throwable noLock = replica.leases().lockOutage().hopeless(Long.MAX_VALUE);
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
