package dev.kbmigrator.internal.listing;

import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When a replica goes through the host's list: now and then, in a thread of its own. At the same time it removes replicas that have
 * been silent for a long time from the list of replicas. Belongs to the replica's loop, except where it says otherwise.
 */
public final class ListingSchedule {

    private static final Logger LOG = LoggerFactory.getLogger(ListingSchedule.class);
    private static final Duration SILENT_FOR = Duration.ofDays(1);

    private final KbListing listing;
    private final StateStore store;
    private final RunMode mode;
    private final Timings timings;
    private final Environment environment;
    private final Environment.Signal loopSignal;
    private volatile boolean running;
    private volatile boolean hasEnded;
    private volatile long endedAt;
    private boolean startedAtTheEnd;

    /**
     * Schedules listings.
     *
     * @param mode a single run lists once more when everything is done
     * @param loopSignal what to raise when a listing has ended
     */
    public ListingSchedule(
            KbListing listing,
            StateStore store,
            RunMode mode,
            Timings timings,
            Environment environment,
            Environment.Signal loopSignal) {
        this.listing = listing;
        this.store = store;
        this.mode = mode;
        this.timings = timings;
        this.environment = environment;
        this.loopSignal = loopSignal;
    }

    /** Returns whether a listing is under way. Safe for use by many threads. */
    public boolean isRunning() {
        return running;
    }

    /** Returns whether a listing has ended since that view was taken, so that the view does not show what it has changed. */
    public boolean hasEndedSince(FleetView view) {
        return hasEnded && endedAt - view.takenAt() >= 0;
    }

    /** Starts a listing, if one is due. */
    public void startIfDue(FleetView view) {
        if (mayList(view) && !running && listing.isDue(view) && !(mode.isSingleRun() && isEnough(view))) {
            running = true;
            startedAtTheEnd = !view.state().unfinished();
            environment.start("kb-migrator-listing", () -> list(view));
        }
    }

    /**
     * In a conflict, the list may be that of another service. Before a stage the coordinator sees to the listing. In the middle of one it goes on all the same: a KB that the host has deleted
     * without telling anyone would hold the stage up forever.
     */
    private static boolean mayList(FleetView view) {
        return view.comparison().agrees()
                && (!view.state().unfinished()
                        || view.state().open() > view.state().current());
    }

    /** A list that takes longer than the interval would be due forever. */
    private boolean isEnough(FleetView view) {
        return listing.failure() != null || (startedAtTheEnd && !view.state().unfinished());
    }

    private void list(FleetView view) {
        try {
            listing.list(view);
            forgetSilentReplicas(view);
        } catch (RuntimeException | Error e) {
            LOG.atWarn()
                    .setCause(e)
                    .log(
                            "The host's KBs could not be enrolled: {}",
                            ShortText.shown(String.valueOf(e.getMessage()), ShortText.ERROR));
        } finally {
            endedAt = environment.nanoTime();
            hasEnded = true;
            running = false;
            loopSignal.raise();
        }
    }

    /** Replicas that were killed do not sign off, and would stay on the list forever. */
    private void forgetSilentReplicas(FleetView view) {
        Duration grace = timings.rolloutGrace().multipliedBy(2);
        Duration patience = grace.compareTo(SILENT_FOR) > 0 ? grace : SILENT_FOR;
        for (ReplicaState replica : view.snapshot().replicas()) {
            // Also by this replica's own time: where the store's clock has jumped, nobody has been silent
            if (view.ageMicros(replica.lastSeenMicros()) > TimeUnit.NANOSECONDS.toMicros(patience.toNanos())
                    && view.silentNanos(replica) > timings.rolloutGrace().toNanos()) {
                store.forgetReplica(replica.replicaId());
            }
        }
    }
}
