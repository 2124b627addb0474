package dev.kbmigrator.internal.look;

import dev.kbmigrator.Readiness;
import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.FullRollout;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one way to look at the shared state. It announces the replica with each look, with a report if that has changed, keeps the latest
 * view, and passes each newer view on to its subscribers. A visitor only looks, and announces nothing.
 *
 * <p>Safe for use by many threads: the replica's loop and its coordinator both look. A view that is older than the latest one is
 * dropped, and subscribers see the views in order, under this object's monitor.
 */
public final class FleetObserver {

    private final StateStore store;
    private final LocalBuild self;
    private final Timings timings;
    private final Environment environment;
    private final ThoroughLookSchedule thoroughLooks;
    private final boolean announces;
    private final List<Consumer<FleetView>> subscribers = new CopyOnWriteArrayList<>();
    private volatile Supplier<String> reports = () -> "";
    private volatile @Nullable FleetView view;
    private volatile DueFilter due = DueFilter.BY_THE_CLOCK;
    private volatile String reported = "";
    private volatile long lastLookAt;
    private volatile long lookNanos;
    private volatile long lookNanosBefore;

    /** Creates an observer for a replica that works. */
    public FleetObserver(StateStore store, LocalBuild self, Timings timings, Environment environment) {
        this(store, self, timings, environment, true);
    }

    private FleetObserver(
            StateStore store, LocalBuild self, Timings timings, Environment environment, boolean announces) {
        this.store = store;
        this.self = self;
        this.timings = timings;
        this.environment = environment;
        this.thoroughLooks = new ThoroughLookSchedule(self.identity().id(), timings.recently(), environment);
        this.announces = announces;
        this.lastLookAt = environment.nanoTime();
    }

    /** Returns an observer for somebody who only wants to know: it appears in no list of replicas. */
    public static FleetObserver visitor(StateStore store, LocalBuild self, Timings timings, Environment environment) {
        return new FleetObserver(store, self, timings, environment, false);
    }

    /**
     * From now on, sends this report with the next look whenever it differs from the last one that was sent. The supplier must be quick;
     * an empty text is no report.
     */
    public void reportWith(Supplier<String> supplier) {
        reports = supplier;
    }

    /** From now on, passes each newer view to the subscriber, which must be quick. */
    public void subscribe(Consumer<FleetView> subscriber) {
        subscribers.add(subscriber);
    }

    /** Looks at the shared state; returns what this look showed. */
    public FleetView look() {
        long sentAt = environment.nanoTime();
        FleetView before = view;
        boolean thorough = announces && before != null && thoroughLooks.isDue(before, sentAt);
        String report = reports.get();
        boolean isNews = !report.equals(reported);
        Snapshot snapshot = store.look(new Heartbeat(announced(), isNews ? report : null, due, thorough, !announces));
        reported = report;
        FleetView shown = FleetView.of(snapshot, sentAt, self.catalog(), self.baseline());
        if (thorough) {
            thoroughLooks.showed(shown);
        }
        publish(shown);
        lastLookAt = sentAt;
        lookNanosBefore = lookNanos;
        lookNanos = environment.nanoTime() - sentAt;
        return shown;
    }

    private ReplicaInfo announced() {
        return new ReplicaInfo(
                self.identity().id(),
                self.identity().node(),
                self.identity().build(),
                self.identity().fleet(),
                self.catalog().newest(),
                self.baseline(),
                readiness().ready());
    }

    private synchronized void publish(FleetView newer) {
        FleetView before = view;
        if (before == null || newer.takenAt() - before.takenAt() >= 0) {
            view = newer;
            subscribers.forEach(subscriber -> subscriber.accept(newer));
        }
    }

    /** Returns the latest view. */
    public FleetView view() {
        FleetView latest = view;
        if (latest == null) {
            throw new IllegalStateException("no look has succeeded yet");
        }
        return latest;
    }

    /** Returns the latest view; null when no look has succeeded yet. */
    public @Nullable FleetView viewOrNull() {
        return view;
    }

    /** Returns which KB records count as due. */
    public DueFilter due() {
        return due;
    }

    /** From now on, every KB that failed before that instant of the store's clock counts as due. */
    public void retryWhatFailedBefore(long storeMicros) {
        due = new DueFilter(storeMicros);
    }

    /** Returns for how long no look has succeeded, in nanoseconds; since this object was made when none ever has. */
    public long silentNanos() {
        return environment.nanoTime() - lastLookAt;
    }

    /** Returns how long a look takes, in nanoseconds: the shorter of the last two, so that a single slow one does not count. */
    long usualLookNanos() {
        return Math.min(lookNanos, lookNanosBefore);
    }

    /** Returns whether this build knows what is open, and the fleet still counts on this replica. */
    public Readiness readiness() {
        FleetView latest = view;
        if (latest == null) {
            return Readiness.notReady("no look at the shared state has succeeded yet");
        }
        long silent = silentNanos();
        if (silent > timings.rolloutGrace().toNanos() / 2) {
            return Readiness.notReady("no look at the shared state has succeeded for "
                    + Duration.ofNanos(silent).toSeconds() + " s: the fleet may soon stop waiting for this replica");
        }
        return FullRollout.startedButUnknown(latest)
                .map(migration -> Readiness.notReady("the fleet has started " + migration
                        + ", which needs a full rollout and is unknown to this build"))
                .orElse(Readiness.READY);
    }
}
