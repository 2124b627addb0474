package dev.kbmigrator.internal.state;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one look means for this replica. Immutable.
 *
 * @param snapshot what the look showed
 * @param takenAt monotonic time before the look was sent
 * @param state the state of the fleet
 * @param comparison how this build compares with the plan
 * @param control what operators have decided
 * @param goal the version to which this replica may bring KBs now
 * @param requests the requests for KBs, by partition
 */
public record FleetView(
        Snapshot snapshot,
        long takenAt,
        FleetState state,
        PlanComparison comparison,
        ControlDocument control,
        long goal,
        Map<Integer, List<KbRequest>> requests) {

    /** Interprets a snapshot for a build with these migrations and this baseline. */
    public static FleetView of(Snapshot snapshot, long takenAt, MigrationCatalog catalog, long baseline) {
        FleetState state = FleetState.read(find(snapshot, FleetState.DOCUMENT), baseline);
        // What a fleet means by a request may depend on features that this build does not know
        boolean isUnknown = !state.unknownFeatures().isEmpty();
        ControlDocument control = ControlDocument.NONE;
        Map<Integer, List<KbRequest>> requests = new HashMap<>();
        for (Document document : snapshot.documents()) {
            if (document.name().equals(ControlDocument.NAME)) {
                control = ControlDocument.read(Json.read(document));
            } else if (document.name().startsWith(KbRequest.PREFIX) && !isUnknown) {
                KbRequest request = KbRequest.read(document);
                requests.computeIfAbsent(Partitions.of(request.kbId()), partition -> new ArrayList<>())
                        .add(request);
            }
        }
        PlanComparison comparison = PlanComparison.compare(state, catalog);
        long goal = state.plan().kbGoal(Math.min(state.open(), comparison.upTo()));
        return new FleetView(snapshot, takenAt, state, comparison, control, goal, requests);
    }

    /** Returns whether an operator has paused the fleet. */
    public boolean paused() {
        return control.paused();
    }

    /** Returns whether this replica may start anything: nobody has paused the fleet, and this build knows all the features that it uses. */
    public boolean mayAct() {
        return !paused() && state.unknownFeatures().isEmpty();
    }

    /** Returns the partitions in which, as far as the look tells, KBs are below the version to which this replica may bring them. */
    public Set<Integer> partitionsBelowGoal() {
        Set<Integer> below = new TreeSet<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            if (snapshot.floors().get(partition) < goal) {
                below.add(partition);
            }
        }
        return below;
    }

    /** Returns the partitions in which there is something for this replica to do. */
    public Set<Integer> duePartitions() {
        Set<Integer> due = partitionsBelowGoal();
        due.addAll(requests.keySet());
        for (KbRecordCount count : snapshot.recordCounts()) {
            if (count.due() > 0 && count.version() <= goal) {
                due.add(count.partition());
            }
        }
        return due;
    }

    /** Returns the end of the next stage, as far as this build knows it; the current version when it knows nothing of it. */
    public long stageEnd() {
        return state.plan().stageEnd(state.current(), Math.min(state.target(), comparison.upTo()));
    }

    /** Returns whether no enrolled KB is below the version, except those that were set aside. */
    public boolean allKbsReached(long version) {
        long kbGoal = state.plan().kbGoal(version);
        return snapshot.floors().stream().allMatch(floor -> floor >= kbGoal) && failing(version) == 0;
    }

    /** Returns how many KBs have a record below the version and are not set aside. */
    public long failing(long version) {
        long kbGoal = state.plan().kbGoal(version);
        return snapshot.recordCounts().stream()
                .filter(count -> count.version() <= kbGoal)
                .mapToLong(count -> (long) count.due() + count.waiting())
                .sum();
    }

    /**
     * Returns whether this build can coordinate the next stage: it knows all of it, or it knows the first part and no replica that was
     * seen recently knows more. A replica that knows more would open the rest as well.
     */
    public boolean canCoordinate(MigrationCatalog catalog, Duration recently) {
        long end = stageEnd();
        long whole = state.plan().stageEnd(state.current(), state.target());
        if (end < whole && newestVersionSeenWithin(recently) >= whole) {
            return false;
        }
        for (MigrationInfo migration : state.plan().between(state.current(), end)) {
            if (catalog.get(migration.version()) == null) {
                return false;
            }
        }
        return end > state.current();
    }

    private long newestVersionSeenWithin(Duration recently) {
        return seenWithin(recently)
                .mapToLong(replica -> replica.info().newestVersion())
                .max()
                .orElse(0);
    }

    /** Returns the replicas that have looked recently; one that was killed stays on the list for a long time. */
    public Stream<ReplicaState> seenWithin(Duration recently) {
        long since = snapshot.storeMicros() - TimeUnit.NANOSECONDS.toMicros(recently.toNanos());
        return snapshot.replicas().stream().filter(replica -> replica.lastSeenMicros() >= since);
    }

    /**
     * Returns whether that replica makes the thorough looks for the whole fleet: of the replicas that were seen recently, it is the
     * one that can do most about what it finds. Where several are alike, their ids decide.
     */
    public boolean makesThoroughLooks(String replicaId, Duration recently) {
        return seenWithin(recently)
                .max(Comparator.comparing(
                                (ReplicaState replica) -> replica.info().ready())
                        .thenComparing(replica -> replica.info().newestVersion())
                        .thenComparing(ReplicaState::replicaId))
                .filter(replica -> replica.replicaId().equals(replicaId))
                .isPresent();
    }

    /** Returns the store's clock at an instant of monotonic time, as far as this look tells. */
    public long storeMicrosAt(long nanoTime) {
        return snapshot.storeMicros() + TimeUnit.NANOSECONDS.toMicros(nanoTime - takenAt);
    }

    /** Returns when the next attempt at a KB is due, in microseconds of the store's clock; {@link Long#MAX_VALUE} for never. */
    public long nextDueMicros() {
        return snapshot.recordCounts().stream()
                .filter(count -> count.version() <= goal)
                .mapToLong(KbRecordCount::nextDueMicros)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Returns a document of the snapshot; null when it has none of that name. */
    public @Nullable Document document(String name) {
        return find(snapshot, name);
    }

    private static @Nullable Document find(Snapshot snapshot, String name) {
        for (Document document : snapshot.documents()) {
            if (document.name().equals(name)) {
                return document;
            }
        }
        return null;
    }
}
