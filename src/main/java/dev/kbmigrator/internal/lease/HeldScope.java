package dev.kbmigrator.internal.lease;

import com.google.common.base.Strings;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A scope that this replica holds by a lease and an epoch: a partition, or the coordinator's. It is held until it is released, or lost
 * forever. Safe for use by many threads.
 */
public final class HeldScope {

    private final Lease lease;
    private final Epoch epoch;
    private final Consumer<HeldScope> onLost;
    private volatile long deadline;
    private volatile boolean renewing = true;
    private volatile @Nullable String lost;

    /**
     * Holds a scope.
     *
     * @param deadline the instant, in monotonic time, at which it counts as lost unless it is renewed
     * @param onLost what to call, once, when it is lost: it must stop what runs under the scope
     */
    public HeldScope(Lease lease, Epoch epoch, long deadline, Consumer<HeldScope> onLost) {
        this.lease = lease;
        this.epoch = epoch;
        this.deadline = deadline;
        this.onLost = onLost;
    }

    /** Returns the name of the lock of a scope. */
    public static String lockName(int scope) {
        return scope == Epoch.COORDINATOR
                ? "migrations"
                : "partition-" + Strings.padStart(Integer.toString(scope), 3, '0');
    }

    public Lease lease() {
        return lease;
    }

    public Epoch epoch() {
        return epoch;
    }

    /** Returns the number of the scope. */
    public int scope() {
        return epoch.scope();
    }

    public boolean isLost() {
        return lost != null;
    }

    /** Returns why it was lost. */
    public String lostBecause() {
        String reason = lost;
        return reason == null ? "it is held" : reason;
    }

    /** Marks it as lost; returns whether it was held until now. The first reason stays. */
    synchronized boolean markLost(String reason) {
        if (lost != null) {
            return false;
        }
        lost = reason;
        return true;
    }

    /** Tells the owner that it is lost. */
    void tellOwner() {
        onLost.accept(this);
    }

    /** Returns the instant, in monotonic time, at which it counts as lost unless it is renewed. */
    long deadline() {
        return deadline;
    }

    /** Returns whether nothing may start under it any more, even if nobody has noticed yet that its deadline has passed. */
    public boolean isOver(long now) {
        return lost != null || now - deadline >= 0;
    }

    void extend(long newDeadline) {
        deadline = newDeadline;
    }

    /** Leaves the lease to expire, because an execution that cannot be stopped runs under it. */
    public void leaveToExpire() {
        renewing = false;
    }

    boolean isRenewing() {
        return renewing && lost == null;
    }

    /** Returns whether it may be released: never while an execution may still run under it. */
    public boolean mayBeReleased() {
        return renewing;
    }
}
