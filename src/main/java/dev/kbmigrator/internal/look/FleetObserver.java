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
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way to look at the shared state. It announces the replica with each look, with a report if that has changed, keeps the latest
 * view, and passes each newer view on to its subscribers. A visitor only looks, and announces nothing.
 *
 * <p>Safe for use by many threads: the replica's loop and its coordinator both look. A view that is older than the latest one is
 * dropped, and subscribers see the views in order, under this object's monitor.
 */
public final class FleetObserver {

    /** What a replica reports that has nothing to report any more. */
    private static final String NOTHING = "{}";

    private static final Logger LOG = LoggerFactory.getLogger(FleetObserver.class);

    private final StateStore store;
    private final LocalBuild self;
    private final Timings timings;
    private final Environment environment;
    private final ThoroughLookSchedule thoroughLooks;
    private final boolean announces;
    private final List<Consumer<FleetView>> subscribers = new CopyOnWriteArrayList<>();
    private volatile Supplier<String> reports = () -> "";
    private final Sightings sightings = new Sightings();
    private List<String> damageBefore = List.of();
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
        // A visitor makes only those that it was asked for
        boolean thorough = before != null && thoroughLooks.isDue(before, sentAt);
        String report = reports.get();
        String news = report.equals(reported) ? null : report.isEmpty() ? NOTHING : report;
        Snapshot snapshot = store.look(new Heartbeat(announced(), news, due, thorough, !announces));
        reported = report;
        FleetView shown = FleetView.of(
                snapshot, sentAt, self.reader(timings), sightings.unseenFor(snapshot, environment.nanoTime()));
        if (thorough && before != null) {
            shown = shown.comparedWith(before);
            thoroughLooks.showed(shown);
        }
        publish(shown);
        report(shown.damage());
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
                self.fleet(),
                self.catalog().newest(),
                self.knownAbove(),
                readiness().ready());
    }

    /** Warns of damage once, and again when something is added. */
    private synchronized void report(List<String> damage) {
        for (String sentence : damage) {
            if (!damageBefore.contains(sentence)) {
                LOG.atWarn().log("The shared state is damaged: {}", sentence);
            }
        }
        damageBefore = damage;
    }

    /** Makes the next look a thorough one. */
    public void lookThoroughlyNext() {
        thoroughLooks.dueNow();
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

    /** Returns which KB records count as due in some partitions. */
    public DueFilter due(Set<Integer> partitions) {
        // A time that is due only after a mistake of the clock is ignored, whenever the attempt before it failed
        FleetView latest = view;
        return latest == null || Collections.disjoint(partitions, latest.partitionsThatWaitTooLong())
                ? due
                : new DueFilter(Long.MAX_VALUE);
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

    /** Returns whether this build fits the fleet's plan and knows what is open, and the fleet still counts on this replica. */
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
        if (!latest.comparison().agrees()) {
            return Readiness.notReady(latest.comparison().standingBy().orElseThrow());
        }
        return FullRollout.startedButUnknown(latest)
                .map(migration -> Readiness.notReady("the fleet has started " + migration
                        + ", which needs a full rollout and is unknown to this build"))
                .orElse(Readiness.READY);
    }
}
