package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.engine.Body.Cancellation;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Renewal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the leases of this replica alive, and says when one is lost.
 *
 * <ol>
 *   <li>Every third of the ttl it renews all leases, in a thread of its own; after a renewal whose outcome is unknown, it
 *       tries again sooner.
 *   <li>A lease's deadline is monotonic time, read <em>before</em> the request was sent, plus two thirds of the ttl. A second
 *       thread, which never does I/O, watches the deadlines, and the time limits of the bodies.
 *   <li>At the deadline, or when a renewal answers LOST, the scope is lost for ever: its bodies are cancelled, then
 *       interrupted; its owner waits until they are quiet before it lets go of the lease.
 * </ol>
 *
 * <p>The threads live while there is something to keep.
 */
final class LeaseKeeper {

    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final EngineConfig config;
    private final Slots slots;
    private final Surroundings.Signal renewSignal;
    private final Surroundings.Signal watchSignal;
    private final Set<Held> kept = new LinkedHashSet<>();
    private boolean renewing;
    private boolean watching;

    LeaseKeeper(EngineConfig config, Slots slots) {
        this.config = config;
        this.slots = slots;
        this.renewSignal = config.surroundings().newSignal();
        this.watchSignal = config.surroundings().newSignal();
    }

    private Duration ttl() {
        return config.timings().leaseTtl();
    }

    /** The deadline of a lease whose request is sent after this call. */
    long deadlineOfRequestSentNow() {
        return config.surroundings().nanoTime() + ttl().toNanos() / 3 * 2;
    }

    /** Renews it from now on. */
    void keep(Held held) {
        boolean startRenewing;
        boolean startWatching;
        synchronized (this) {
            kept.add(held);
            startRenewing = !renewing;
            startWatching = !watching;
            renewing = true;
            watching = true;
        }
        if (startRenewing) {
            config.surroundings().start("kb-migrator-leases", this::renewLoop);
        }
        if (startWatching) {
            config.surroundings().start("kb-migrator-watch", this::watchLoop);
        }
    }

    /** Gives leases back. What is held under them must be quiet. */
    void release(Collection<Held> quiet) {
        synchronized (this) {
            kept.removeAll(quiet);
        }
        releaseQuietly(quiet.stream().map(Held::lease).toList());
        wakeIfIdle();
    }

    /** Gives up on a lease without a call: it expires by itself. */
    synchronized void leave(Held held) {
        kept.remove(held);
    }

    /** Releases leases; one that cannot be released expires by itself. */
    void releaseQuietly(Collection<? extends Lease> leases) {
        if (leases.isEmpty()) {
            return;
        }
        try {
            config.lock().releaseAll(leases);
        } catch (RuntimeException | Error e) {
            LOG.atInfo().setCause(e).log("{} leases could not be released; they will expire", leases.size());
        }
    }

    /** A scope is lost: stops what runs under it, and tells its owner. Answers whether it was held until now. */
    boolean lose(Held held, String reason) {
        boolean first = held.lose(reason);
        synchronized (this) {
            kept.remove(held);
        }
        if (first) {
            slots.cancel(body -> body.held == held, Cancellation.LOST, true);
            held.wakeOwner();
        }
        return first;
    }

    private synchronized List<Held> toRenew() {
        return kept.stream().filter(Held::isRenewing).toList();
    }

    private synchronized boolean isKept(Held held) {
        return kept.contains(held);
    }

    private synchronized List<Held> all() {
        return new ArrayList<>(kept);
    }

    private void wakeIfIdle() {
        if (all().isEmpty()) {
            renewSignal.raise();
            watchSignal.raise();
        }
    }

    private void renewLoop() {
        long wait = ttl().toNanos() / 3;
        while (true) {
            renewSignal.await(wait);
            synchronized (this) {
                if (kept.isEmpty()) {
                    renewing = false;
                    return;
                }
            }
            wait = renewAll() ? ttl().toNanos() / 3 : ttl().toNanos() / 12;
        }
    }

    /** Renews everything once; answers whether every outcome is known. */
    private boolean renewAll() {
        List<Held> due = toRenew();
        if (due.isEmpty()) {
            return true;
        }
        long deadline = deadlineOfRequestSentNow();
        Map<String, Renewal> answers;
        try {
            answers = config.lock().renewAll(due.stream().map(Held::lease).toList(), ttl());
        } catch (RuntimeException | Error e) {
            LOG.atWarn().setCause(e).log("{} leases could not be renewed: {}", due.size(), e.getMessage());
            return false;
        }
        boolean known = true;
        for (Held held : due) {
            Renewal answer = answers.get(held.lease().name());
            if (answer == Renewal.HELD) {
                held.extend(deadline);
            } else if (answer == Renewal.LOST) {
                // One that was given back while the renewal was under way is not there any more, and not missed
                if (isKept(held)) {
                    lost(held, "the lease " + held.lease().name() + " was lost");
                }
            } else {
                known = false;
            }
        }
        return known;
    }

    private void lost(Held held, String reason) {
        if (lose(held, reason)) {
            LOG.atWarn().addKeyValue("lease", held.lease().name()).log("Lost a lease: {}", reason);
        }
    }

    private void watchLoop() {
        while (true) {
            watchSignal.await(Math.max(1_000_000, ttl().toNanos() / 24));
            watchDeadlines();
            boolean busy = watchBodies();
            synchronized (this) {
                if (kept.isEmpty() && !busy) {
                    watching = false;
                    return;
                }
            }
        }
    }

    private void watchDeadlines() {
        long now = config.surroundings().nanoTime();
        for (Held held : all()) {
            if (now - held.deadline() >= 0) {
                lost(held, "the lease " + held.lease().name() + " was not renewed in time");
            }
        }
    }

    /** Cancels what has run for too long, gives up what does not stop; answers whether anything runs. */
    private boolean watchBodies() {
        List<Slot> busy = slots.busy();
        long now = config.surroundings().nanoTime();
        for (Slot slot : busy) {
            Body body = slot.current();
            if (body != null) {
                watch(slot, body, now);
            }
        }
        return !busy.isEmpty();
    }

    private void watch(Slot slot, Body body, long now) {
        long ran = now - slot.startedAt();
        Duration limit = config.timeoutOf(body.version()).orElse(null);
        if (limit != null && ran >= limit.toNanos() && body.cancellation() == null) {
            body.cancel(Cancellation.TIMEOUT);
            slot.interrupt(body);
        }
        if (body.cancellation() != null && body.cancelledFor(now) >= ttl().toNanos()) {
            LOG.atWarn()
                    .addKeyValue("kb", body.kbId().orElse(""))
                    .log("{} does not stop; its thread is given up, its lease left to expire", body);
            body.held.leaveToExpire();
            slots.giveUp(slot, body);
        }
    }
}
