package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.util.HashSet;
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
