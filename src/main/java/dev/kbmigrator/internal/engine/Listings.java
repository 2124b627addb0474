package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.ReplicaState;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When a replica goes through the host's list: now and then, in a thread of its own. While it is at it, it strikes off the
 * replicas that have been silent for long.
 */
final class Listings {

    private static final Logger LOG = LoggerFactory.getLogger(Listings.class);
    private static final Duration SILENT_FOR = Duration.ofDays(1);

    private final EngineConfig config;
    private final Enrolment enrolment;
    private final Surroundings.Signal loopSignal;
    private final boolean once;
    private volatile boolean running;
    private volatile boolean hasEnded;
    private volatile long endedAt;
    private boolean begunAtTheEnd;

    /** Listings; {@code once}: for a single run, which lists once when all is done. */
    Listings(EngineConfig config, Enrolment enrolment, Surroundings.Signal loopSignal, boolean once) {
        this.config = config;
        this.enrolment = enrolment;
        this.loopSignal = loopSignal;
        this.once = once;
    }

    boolean isRunning() {
        return running;
    }

    /** What a listing has brought is not in a view that was taken before it ended. */
    boolean hasEndedSince(View view) {
        return hasEnded && endedAt - view.takenAt() >= 0;
    }

    void startIfDue(View view) {
        if (mayList(view) && !running && enrolment.isDue(view) && !(once && isEnough(view))) {
            running = true;
            begunAtTheEnd = !view.state().unfinished();
            config.surroundings().start("kb-migrator-listing", () -> list(view));
        }
    }

    /**
     * Before a stage the coordinator sees to the listing. In the middle of one it goes on all the same: a KB that the host
     * has deleted without a word would hold the stage up for ever.
     */
    private static boolean mayList(View view) {
        return !view.state().unfinished() || view.state().open() > view.state().current();
    }

    /** A list that takes longer than the interval would be due for ever. */
    private boolean isEnough(View view) {
        return enrolment.failure() != null || (begunAtTheEnd && !view.state().unfinished());
    }

    private void list(View view) {
        try {
            enrolment.list(view);
            forgetTheSilent(view);
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("The host's KBs could not be enrolled: {}", e.getMessage());
        } finally {
            endedAt = config.surroundings().nanoTime();
            hasEnded = true;
            running = false;
            loopSignal.raise();
        }
    }

    /** Replicas that were killed say no goodbye, and would stay on the list for ever. */
    private void forgetTheSilent(View view) {
        Duration grace = config.timings().rolloutGrace().multipliedBy(2);
        Duration patience = grace.compareTo(SILENT_FOR) > 0 ? grace : SILENT_FOR;
        long since = view.snapshot().storeMicros() - TimeUnit.NANOSECONDS.toMicros(patience.toNanos());
        for (ReplicaState replica : view.snapshot().replicas()) {
            if (replica.lastSeenMicros() < since) {
                config.store().forgetReplica(replica.replicaId());
            }
        }
    }
}
