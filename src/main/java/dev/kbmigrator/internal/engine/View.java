package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Strings;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
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
 * @param takenAt monotonic time before it was sent
 * @param state the global state
 * @param knowledge how this build compares with the plan
 * @param control the operators' document
 * @param paused whether an operator has paused the fleet
 * @param goal the version to which this replica may bring KBs now
 * @param requests the KBs that someone asked to have migrated, by partition
 */
record View(
        Snapshot snapshot,
        long takenAt,
        GlobalState state,
        Knowledge knowledge,
        ObjectNode control,
        boolean paused,
        long goal,
        Map<Integer, List<Request>> requests) {

    private static final String CONTROL = Document.ANNOUNCED + "control";

    static View of(Snapshot snapshot, long takenAt, Catalog catalog, long baseline) {
        Document stateDocument = null;
        ObjectNode control = Json.object();
        Map<Integer, List<Request>> requests = new HashMap<>();
        for (Document document : snapshot.documents()) {
            if (document.name().equals(GlobalState.DOCUMENT)) {
                stateDocument = document;
            } else if (document.name().equals(CONTROL)) {
                control = Json.read(document);
            } else if (document.name().startsWith(Request.PREFIX)) {
                Request request = Request.read(document);
                requests.computeIfAbsent(Partitions.of(request.kbId()), partition -> new ArrayList<>())
                        .add(request);
            }
        }
        GlobalState state = GlobalState.read(stateDocument, baseline);
        Knowledge knowledge = Knowledge.compare(state, catalog);
        long goal = Plans.kbGoal(state.plan(), Math.min(state.open(), knowledge.upTo()));
        boolean paused = control.path("paused").asBoolean();
        return new View(snapshot, takenAt, state, knowledge, control, paused, goal, requests);
    }

    /** The name of the operators' document. */
    static String controlDocument() {
        return CONTROL;
    }

    /** Why it is paused, as the operator put it. */
    String pauseReason() {
        return control.path("reason").asText("no reason given");
    }

    /** The partitions in which KBs are not where this replica may bring them, as far as the look tells. */
    Set<Integer> partitionsBelowGoal() {
        Set<Integer> below = new TreeSet<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            if (snapshot.floors().get(partition) < goal) {
                below.add(partition);
            }
        }
        return below;
    }

    /** The partitions in which there is something for this replica to do. */
    Set<Integer> duePartitions() {
        Set<Integer> due = partitionsBelowGoal();
        due.addAll(requests.keySet());
        for (KbRecordCount count : snapshot.recordCounts()) {
            if (count.due() > 0 && count.version() <= goal) {
                due.add(count.partition());
            }
        }
        return due;
    }

    /** The end of the stage that comes next, as far as this build knows it; the current version when it knows nothing of it. */
    long stageEnd() {
        return Plans.stageEnd(state.plan(), state.current(), Math.min(state.target(), knowledge.upTo()));
    }

    /** Whether no enrolled KB is below the version, but for those that were set aside. */
    boolean allKbsReached(long version) {
        long kbGoal = Plans.kbGoal(state.plan(), version);
        return snapshot.floors().stream().allMatch(floor -> floor >= kbGoal) && failing(version) == 0;
    }

    /** How many KBs have an attempt on record below the version and are not set aside. */
    long failing(long version) {
        long kbGoal = Plans.kbGoal(state.plan(), version);
        return snapshot.recordCounts().stream()
                .filter(count -> count.version() <= kbGoal)
                .mapToLong(count -> (long) count.due() + count.waiting())
                .sum();
    }

    /**
     * Whether this build knows the next stage, and so can coordinate it; or a first part of it only, when no replica that was
     * seen lately knows more: one that does would open the rest.
     */
    boolean canCoordinate(Catalog catalog, Duration lately) {
        long end = stageEnd();
        long whole = Plans.stageEnd(state.plan(), state.current(), state.target());
        if (end < whole && newestVersionSeenWithin(lately) >= whole) {
            return false;
        }
        for (MigrationInfo migration : Plans.between(state.plan(), state.current(), end)) {
            if (catalog.get(migration.version()) == null) {
                return false;
            }
        }
        return end > state.current();
    }

    private long newestVersionSeenWithin(Duration lately) {
        return seenWithin(lately).mapToLong(ReplicaState::newestVersion).max().orElse(0);
    }

    /** The replicas that have looked lately; one that was killed stays on the list for long. */
    Stream<ReplicaState> seenWithin(Duration lately) {
        long since = snapshot.storeMicros() - TimeUnit.NANOSECONDS.toMicros(lately.toNanos());
        return snapshot.replicas().stream().filter(replica -> replica.lastSeenMicros() >= since);
    }

    /**
     * Whether that replica makes the looks that go through all KBs, for the whole fleet: the one, of those seen lately, that can do
     * most about what it finds. With several alike it is a matter of their ids.
     */
    boolean looksForAll(String replicaId, Duration lately) {
        return seenWithin(lately)
                .max(Comparator.comparing(ReplicaState::ready)
                        .thenComparing(ReplicaState::newestVersion)
                        .thenComparing(ReplicaState::replicaId))
                .filter(replica -> replica.replicaId().equals(replicaId))
                .isPresent();
    }

    /** The store's clock at an instant of monotonic time, as far as this look tells. */
    long storeMicrosAt(long nanoTime) {
        return snapshot.storeMicros() + TimeUnit.NANOSECONDS.toMicros(nanoTime - takenAt);
    }

    /** When the next attempt of a KB is due, in microseconds of the store's clock; {@link Long#MAX_VALUE} for never. */
    long nextDueMicros() {
        return snapshot.recordCounts().stream()
                .filter(count -> count.version() <= goal)
                .mapToLong(KbRecordCount::nextDueMicros)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    @Nullable
    Document document(String name) {
        for (Document document : snapshot.documents()) {
            if (document.name().equals(name)) {
                return document;
            }
        }
        return null;
    }

    static String lockName(int scope) {
        return scope == Epoch.COORDINATOR
                ? "migrations"
                : "partition-" + Strings.padStart(Integer.toString(scope), 3, '0');
    }
}
