package dev.kbmigrator.internal.state;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.ShortText;
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
import java.util.Optional;
import java.util.OptionalLong;
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
 * @param damage what the look showed that this library cannot have written, a sentence each
 * @param unseenFor for how long this replica has not seen a sign of life of each replica, in nanoseconds of its own monotonic time
 * @param longestBackoff the longest time until a next attempt
 */
public record FleetView(
        Snapshot snapshot,
        long takenAt,
        FleetState state,
        PlanComparison comparison,
        ControlDocument control,
        long goal,
        Map<Integer, List<KbRequest>> requests,
        List<String> damage,
        Map<String, Long> unseenFor,
        Duration longestBackoff) {

    /**
     * How far the clocks of hosts may differ where a store has no clock of its own: a past event that lies so far in the future has
     * just happened.
     */
    private static final long CLOCK_SKEW_MICROS = TimeUnit.SECONDS.toMicros(5);

    /**
     * What a look is interpreted for.
     *
     * @param catalog the migrations of this build
     * @param baseline the version at which this build adopts a fleet that has no state yet
     * @param fleet the name that this build gives to its fleet; empty for none
     * @param longestBackoff the longest time until a next attempt
     */
    public record Reader(MigrationCatalog catalog, long baseline, String fleet, Duration longestBackoff) {}

    /** Interprets a snapshot, without knowing how long other replicas have been silent. */
    public static FleetView of(Snapshot snapshot, long takenAt, Reader reader) {
        return of(snapshot, takenAt, reader, Map.of());
    }

    /** Interprets a snapshot. */
    public static FleetView of(Snapshot snapshot, long takenAt, Reader reader, Map<String, Long> unseenFor) {
        FleetState state = FleetState.read(find(snapshot, FleetState.DOCUMENT), reader.baseline(), reader.fleet());
        PlanComparison comparison = PlanComparison.compare(state, reader.catalog(), reader.fleet());
        ControlDocument control = ControlDocument.NONE;
        Map<Integer, List<KbRequest>> requests = new HashMap<>();
        List<String> damage = new ArrayList<>();
        for (Document document : snapshot.documents()) {
            if (document.name().equals(ControlDocument.NAME)) {
                control = ControlDocument.read(document);
            } else if (document.name().startsWith(KbRequest.PREFIX) && comparison.member()) {
                KbRequest.read(document)
                        .ifPresentOrElse(
                                request -> requests.computeIfAbsent(
                                                Partitions.of(request.kbId()), partition -> new ArrayList<>())
                                        .add(request),
                                () -> damage.add("the document " + ShortText.shown(document.name())
                                        + " is not a request and is left out; delete it"));
            }
        }
        long goal = state.plan().kbGoal(Math.min(state.open(), comparison.upTo()));
        damage.addAll(TableDamage.in(snapshot, state));
        return new FleetView(
                snapshot,
                takenAt,
                state,
                comparison,
                control,
                goal,
                requests,
                damage,
                unseenFor,
                reader.longestBackoff());
    }

    /** Returns this view with what a thorough look shows of damage when it is compared with an earlier look. */
    public FleetView comparedWith(FleetView earlier) {
        List<String> all = new ArrayList<>(damage);
        all.addAll(TableDamage.between(earlier.snapshot(), snapshot));
        return new FleetView(
                snapshot, takenAt, state, comparison, control, goal, requests, all, unseenFor, longestBackoff);
    }

    /** Returns the listings of the host's KBs. */
    public ListingRecord listing() {
        return ListingRecord.read(document(ListingRecord.DOCUMENT));
    }

    /**
     * Returns how long ago a past event was, in microseconds by the store's clock; at least 0. An event that lies in the future was long
     * ago: the store's clock has gone back since, by an unknown time.
     */
    public long ageMicros(@Nullable Long pastMicros) {
        long age = pastMicros == null ? Long.MAX_VALUE : snapshot.storeMicros() - pastMicros;
        return age < -CLOCK_SKEW_MICROS ? Long.MAX_VALUE : Math.max(0, age);
    }

    /** Returns for how long a replica has been silent for certain, in nanoseconds: by the store's clock and by this replica's own. */
    public long silentNanos(ReplicaState replica) {
        long byTheStore = TimeUnit.MICROSECONDS.toNanos(ageMicros(replica.lastSeenMicros()));
        return Math.min(byTheStore, unseenFor.getOrDefault(replica.replicaId(), 0L));
    }

    /** Returns whether a next attempt that is due then is due now. A time further ahead than any backoff is a clock's mistake. */
    public boolean isDue(long dueMicros) {
        return dueMicros <= snapshot.storeMicros() || isTooFarAhead(dueMicros);
    }

    private boolean isTooFarAhead(long dueMicros) {
        long longest = TimeUnit.NANOSECONDS.toMicros(longestBackoff.toNanos());
        return dueMicros - snapshot.storeMicros() > longest + CLOCK_SKEW_MICROS;
    }

    private boolean waitsTooLong(KbRecordCount count) {
        return count.waiting() > 0 && count.nextDueMicros() != Long.MAX_VALUE && isTooFarAhead(count.nextDueMicros());
    }

    /** Returns the partitions in which KBs wait that are due only after a mistake of the store's clock. */
    public Set<Integer> partitionsThatWaitTooLong() {
        Set<Integer> partitions = new TreeSet<>();
        for (KbRecordCount count : snapshot.recordCounts()) {
            if (waitsTooLong(count)) {
                partitions.add(count.partition());
            }
        }
        return partitions;
    }

    /** Returns whether an operator has paused the fleet. */
    public boolean paused() {
        return control.paused();
    }

    /** Returns whether this replica may start anything: nobody has paused the fleet, and this build belongs to it and knows what it uses. */
    public boolean mayAct() {
        return !paused() && comparison.member();
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
        if (!comparison.member()) {
            return Set.of();
        }
        Set<Integer> due = partitionsBelowGoal();
        due.addAll(requests.keySet());
        for (KbRecordCount count : snapshot.recordCounts()) {
            if ((count.due() > 0 || waitsTooLong(count)) && count.version() <= goal) {
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
        return snapshot.floors().stream().allMatch(floor -> floor >= kbGoal) && recordedBelow(version) == 0;
    }

    /** Returns how many KBs have a record below the version, for whatever reason, and are not set aside. */
    public long recordedBelow(long version) {
        long kbGoal = state.plan().kbGoal(version);
        return snapshot.recordCounts().stream()
                .filter(count -> count.version() <= kbGoal)
                .mapToLong(count -> (long) count.due() + count.waiting())
                .sum();
    }

    /** Returns how many KBs have failed and are retried, whether they are due or not. */
    public long failing() {
        return snapshot.recordCounts().stream()
                .mapToLong(KbRecordCount::failing)
                .sum();
    }

    /** Returns how many KBs are set aside. */
    public long setAside() {
        return snapshot.recordCounts().stream()
                .mapToLong(KbRecordCount::setAside)
                .sum();
    }

    /**
     * Returns whether this build can coordinate the next stage: it knows all of it, or it knows the first part and no replica that was
     * seen recently knows more. A replica that knows more would open the rest as well.
     */
    public boolean canCoordinate(MigrationCatalog catalog, Duration recently) {
        if (!comparison.agrees()) {
            // It may not read its list of KBs into this fleet, which every stage needs
            return false;
        }
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

    /** Returns the replicas of this fleet that have looked recently; one that was killed stays on the list for a long time. */
    public Stream<ReplicaState> seenWithin(Duration recently) {
        return live(recently).filter(this::isOfThisFleet);
    }

    /** Returns the replicas that have looked recently, of whatever fleet. */
    public Stream<ReplicaState> live(Duration recently) {
        long micros = TimeUnit.NANOSECONDS.toMicros(recently.toNanos());
        return snapshot.replicas().stream().filter(replica -> ageMicros(replica.lastSeenMicros()) <= micros);
    }

    /** Returns whether a replica belongs to this fleet, as far as it has told. */
    boolean isOfThisFleet(ReplicaState replica) {
        return fleetOf(replica).map(name -> name.equals(state.fleet())).orElse(true);
    }

    /** Returns the name of the fleet that a replica announces, empty text for none; empty if the replica does not tell. */
    public static Optional<String> fleetOf(ReplicaState replica) {
        return Optional.of(replica.info().fleet());
    }

    /** Returns the version above which a replica announces that it has all migrations; empty if the replica does not tell. */
    public static OptionalLong baselineOf(ReplicaState replica) {
        return OptionalLong.of(replica.info().baseline());
    }

    /**
     * Returns the version below which no live build can bring up a KB, because none has the migrations that such a KB needs any more; 0
     * if there is none.
     */
    public long unknownBelow(Duration recently) {
        long lowest = comparison.above();
        for (ReplicaState replica : seenWithin(recently).toList()) {
            lowest = Math.min(lowest, baselineOf(replica).orElse(lowest));
        }
        return lowest;
    }

    /** Returns the versions of the plan that no live replica knows and that the fleet has not reached, in a sentence, if any. */
    public Optional<String> unknownToAll(Duration recently) {
        long known = Math.max(state.current(), newestVersionSeenWithin(recently));
        List<MigrationInfo> unknown = state.plan().between(known, Long.MAX_VALUE);
        return unknown.isEmpty()
                ? Optional.empty()
                : Optional.of("no live replica knows " + FleetState.versions(unknown)
                        + " of the fleet's plan: start a build that does, or withdraw them with abandonTarget(reason)");
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
