package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A scope that this replica holds: a partition, or the coordinator's. It is held until it is released, or lost for ever.
 *
 * <p>What is volatile is shared between the lease keeper, the slots and the owner; the rest belongs to the owner's thread.
 */
final class Held {

    private final Lease lease;
    private final Epoch epoch;
    private final Runnable onLost;
    private volatile long deadline;
    private volatile boolean renewing = true;
    private volatile @Nullable String lost;

    /** The KBs of this partition that are queued, running or not yet durable. */
    final Set<String> inFlight = new HashSet<>();

    /**
     * What was asked of KBs that are under way, by KB. A request is struck off only when something has come of it: this replica
     * may stop, or lose the partition, before that.
     */
    private final Map<String, Request> asked = new HashMap<>();

    /** Requests of which something has come, and which are to be struck off. */
    final List<Request> answered = new ArrayList<>();

    /** Requests that were struck off, though an older view may still show them. */
    final Set<Request> struck = new HashSet<>();

    /** Whether a KB that is due was left alone, so that the floor must stay. */
    boolean skipped;

    /** Whether something here moved while it was held. */
    boolean progressed;

    Held(Lease lease, Epoch epoch, long deadline, Runnable onLost) {
        this.lease = lease;
        this.epoch = epoch;
        this.deadline = deadline;
        this.onLost = onLost;
    }

    Lease lease() {
        return lease;
    }

    Epoch epoch() {
        return epoch;
    }

    int scope() {
        return epoch.scope();
    }

    boolean isLost() {
        return lost != null;
    }

    /** Why it was lost. */
    String lostBecause() {
        String reason = lost;
        return reason == null ? "it is held" : reason;
    }

    /** What is under way is what someone has asked for. */
    void asked(Request request) {
        asked.put(request.kbId(), request);
    }

    /** What has come of a KB that was under way is on record. */
    void settled(String kbId) {
        inFlight.remove(kbId);
        Request request = asked.remove(kbId);
        if (request != null) {
            answered.add(request);
        }
    }

    /** Nothing has come of a KB that was under way. */
    void dropped(String kbId) {
        inFlight.remove(kbId);
        asked.remove(kbId);
    }

    /** The first reason stays. */
    synchronized boolean lose(String reason) {
        if (lost != null) {
            return false;
        }
        lost = reason;
        return true;
    }

    /** Tells the owner to look after it. */
    void wakeOwner() {
        onLost.run();
    }

    /** The instant, in monotonic time, at which it counts as lost unless it is renewed. */
    long deadline() {
        return deadline;
    }

    /** Whether nothing may start under it any more, even if nobody has noticed yet that its deadline has passed. */
    boolean isOver(long now) {
        return lost != null || now - deadline >= 0;
    }

    void extend(long newDeadline) {
        deadline = newDeadline;
    }

    /** Leaves the lease to expire: a body that cannot be stopped runs under it. */
    void leaveToExpire() {
        renewing = false;
    }

    boolean isRenewing() {
        return renewing && lost == null;
    }

    /** Whether it may be given back: never while a body may still be at work under it. */
    boolean mayBeReleased() {
        return renewing;
    }
}
