package dev.kbmigrator.memory;

import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.spi.WriteResult.Gone;
import dev.kbmigrator.spi.WriteResult.NotDone;
import dev.kbmigrator.spi.WriteResult.Stale;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A state store in memory: the reference implementation of {@link StateStore}, for replicas that share one JVM. One monitor
 * guards all state and makes each call atomic, so an epoch cannot become stale between its check and the write that it guards.
 * Safe for use by many threads.
 */
public class MemoryStateStore implements StateStore {

    private final LongSupplier clockMicros;
    private final List<NavigableMap<String, Enrolled>> kbs = new ArrayList<>();
    private final List<NavigableMap<String, KbRecord>> records = new ArrayList<>();
    private final long[] floors = new long[Partitions.COUNT];
    private final long[] epochs = new long[Partitions.COUNT + 1];
    private final NavigableMap<String, Document> documents = new TreeMap<>();
    private final Map<String, ReplicaState> replicas = new TreeMap<>();
    private final Map<String, ReplicaReport> reports = new TreeMap<>();
    private long incarnations;
    private long revisions;

    /** An enrolled KB: which enrolment this is, and the KB's version. */
    private record Enrolled(long incarnation, long version) {}

    /**
     * Creates an empty store that uses the given clock.
     *
     * @param clockMicros returns microseconds since 1970
     */
    public MemoryStateStore(LongSupplier clockMicros) {
        this.clockMicros = clockMicros;
        for (int i = 0; i < Partitions.COUNT; i++) {
            kbs.add(new TreeMap<>());
            records.add(new TreeMap<>());
        }
    }

    /**
     * Creates an empty store that uses the system's clock.
     *
     * @return an empty store
     */
    public static MemoryStateStore create() {
        return new MemoryStateStore(() -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
    }

    @Override
    public synchronized Snapshot look(Heartbeat heartbeat) {
        long now = clockMicros.getAsLong();
        if (!heartbeat.observer()) {
            announce(heartbeat, now);
        }
        List<Long> shownFloors = new ArrayList<>();
        List<KbRecordCount> counts = new ArrayList<>();
        for (int partition = 0; partition < Partitions.COUNT; partition++) {
            shownFloors.add(heartbeat.thorough() ? lowest(partition) : floors[partition]);
            count(partition, heartbeat.due(), now, counts);
        }
        return new Snapshot(
                now, documents(Document.ANNOUNCED), shownFloors, counts, new ArrayList<>(replicas.values()));
    }

    private void announce(Heartbeat heartbeat, long now) {
        String replicaId = heartbeat.self().replicaId();
        ReplicaState before = replicas.get(replicaId);
        replicas.put(
                replicaId, new ReplicaState(heartbeat.self(), before == null ? now : before.firstSeenMicros(), now));
        if (heartbeat.report() != null) {
            reports.put(replicaId, new ReplicaReport(replicaId, heartbeat.report(), now));
        }
    }

    @Override
    public synchronized List<ReplicaReport> replicaReports() {
        return List.copyOf(reports.values());
    }

    private long lowest(int partition) {
        long lowest = Long.MAX_VALUE;
        for (Map.Entry<String, Enrolled> kb : kbs.get(partition).entrySet()) {
            long version = kb.getValue().version();
            if (version < lowest && !records.get(partition).containsKey(kb.getKey())) {
                lowest = version;
            }
        }
        return lowest;
    }

    private void count(int partition, DueFilter due, long now, List<KbRecordCount> counts) {
        NavigableMap<Long, KbRecordCount> byVersion = new TreeMap<>();
        for (KbRecord record : records.get(partition).values()) {
            KbRecordCount sum = byVersion.getOrDefault(
                    record.version(), new KbRecordCount(partition, record.version(), 0, 0, 0, Long.MAX_VALUE, 0));
            boolean isDue = due.isDue(record, now);
            boolean waits = !isDue && !record.setAside();
            byVersion.put(
                    record.version(),
                    new KbRecordCount(
                            partition,
                            record.version(),
                            sum.due() + (isDue ? 1 : 0),
                            sum.waiting() + (waits ? 1 : 0),
                            sum.setAside() + (record.setAside() ? 1 : 0),
                            waits ? Math.min(sum.nextDueMicros(), record.dueMicros()) : sum.nextDueMicros(),
                            sum.failing() + (record.countsAsFailing() ? 1 : 0)));
        }
        counts.addAll(byVersion.values());
    }

    @Override
    public synchronized void forgetReplica(String replicaId) {
        replicas.remove(replicaId);
        reports.remove(replicaId);
    }

    @Override
    public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        Map<Integer, Epoch> opened = new HashMap<>();
        for (int scope : scopes) {
            opened.put(scope, new Epoch(scope, ++epochs[scope]));
        }
        return opened;
    }

    @Override
    public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
        Set<String> enrolled = new HashSet<>();
        for (String kbId : kbIds) {
            int partition = Partitions.of(kbId);
            if (!kbs.get(partition).containsKey(kbId)) {
                kbs.get(partition).put(kbId, new Enrolled(++incarnations, version));
                enrolled.add(kbId);
                if (version < floors[partition]) {
                    records.get(partition).put(kbId, behindTheFloor(version));
                }
            }
        }
        return enrolled;
    }

    /** Returns the record that keeps a KB from being overlooked although it is below its partition's floor. */
    private static KbRecord behindTheFloor(long version) {
        return new KbRecord(version + 1, 0, null, 0, 0, false, false, null);
    }

    @Override
    public synchronized void remove(Collection<String> kbIds) {
        for (String kbId : kbIds) {
            int partition = Partitions.of(kbId);
            kbs.get(partition).remove(kbId);
            records.get(partition).remove(kbId);
        }
    }

    @Override
    public synchronized Map<String, KbState> find(Collection<String> kbIds) {
        Map<String, KbState> found = new HashMap<>();
        for (String kbId : kbIds) {
            int partition = Partitions.of(kbId);
            Enrolled kb = kbs.get(partition).get(kbId);
            if (kb != null) {
                KbRecord record = records.get(partition).get(kbId);
                found.put(kbId, new KbState(kbId, kb.incarnation(), kb.version(), record));
            }
        }
        return found;
    }

    @Override
    public synchronized Page page(PageQuery request) {
        long now = clockMicros.getAsLong();
        List<KbState> listed = new ArrayList<>();
        int first = 0;
        String afterKb = "";
        if (request.after() != null) {
            String position = request.after().position();
            int colon = position.indexOf(':');
            first = Integer.parseInt(position.substring(0, colon));
            afterKb = position.substring(colon + 1);
        }
        for (int partition : new TreeSet<>(request.partitions()).tailSet(first)) {
            NavigableMap<String, Enrolled> rest =
                    partition == first ? kbs.get(partition).tailMap(afterKb, false) : kbs.get(partition);
            for (Map.Entry<String, Enrolled> kb : rest.entrySet()) {
                KbRecord record = records.get(partition).get(kb.getKey());
                long version = kb.getValue().version();
                if (version < request.belowVersion() && isSelected(request, record, now)) {
                    long incarnation = kb.getValue().incarnation();
                    listed.add(new KbState(kb.getKey(), incarnation, version, withoutCheckpoint(record)));
                    if (listed.size() == request.limit()) {
                        return new Page(listed, new Cursor(partition + ":" + kb.getKey()));
                    }
                }
            }
        }
        return new Page(listed, null);
    }

    private static boolean isSelected(PageQuery request, @Nullable KbRecord record, long now) {
        if (request.selection() == Selection.ALL) {
            return true;
        }
        if (request.selection() == Selection.FAILING) {
            return record != null && (record.failures() > 0 || record.error() != null || record.setAside());
        }
        return record == null || request.due().isDue(record, now);
    }

    private static @Nullable KbRecord withoutCheckpoint(@Nullable KbRecord record) {
        if (record == null || record.checkpoint() == null) {
            return record;
        }
        return new KbRecord(
                record.version(),
                record.failures(),
                record.error(),
                record.failedMicros(),
                record.dueMicros(),
                record.setAside(),
                true,
                null);
    }

    @Override
    public synchronized long count(long belowVersion) {
        long count = 0;
        for (NavigableMap<String, Enrolled> partition : kbs) {
            count += belowVersion == Long.MAX_VALUE
                    ? partition.size()
                    : partition.values().stream()
                            .filter(kb -> kb.version() < belowVersion)
                            .count();
        }
        return count;
    }

    @Override
    public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
        Set<Integer> stale = staleScopes(carried, writes);
        if (!stale.isEmpty()) {
            return WriteResult.refused(stale);
        }
        Map<String, NotDone> exceptions = new HashMap<>();
        for (KbWrite write : writes) {
            int partition = Partitions.of(write.kbId());
            Enrolled kb = kbs.get(partition).get(write.kbId());
            if (kb == null || kb.incarnation() != write.incarnation()) {
                exceptions.put(write.kbId(), new Gone());
            } else if (kb.version() != write.from()) {
                exceptions.put(write.kbId(), new Stale(kb.version()));
            } else {
                apply(partition, write);
            }
        }
        return new WriteResult(Set.of(), exceptions);
    }

    /** The scopes whose epoch is not the newest, and the partitions of KBs for which there is no epoch. */
    private Set<Integer> staleScopes(Collection<Epoch> carried, List<KbWrite> writes) {
        Set<Integer> stale = new TreeSet<>();
        writes.forEach(write -> stale.add(Partitions.of(write.kbId())));
        carried.forEach(epoch -> stale.remove(epoch.scope()));
        for (Epoch epoch : carried) {
            if (!isCurrent(epoch)) {
                stale.add(epoch.scope());
            }
        }
        return stale;
    }

    private boolean isCurrent(Epoch epoch) {
        return epochs[epoch.scope()] == epoch.number();
    }

    private void apply(int partition, KbWrite write) {
        NavigableMap<String, KbRecord> inPartition = records.get(partition);
        KbRecord before = inPartition.get(write.kbId());
        if (write instanceof KbWrite.Advanced advanced) {
            kbs.get(partition).put(advanced.kbId(), new Enrolled(advanced.incarnation(), advanced.to()));
            if (inPartition.remove(advanced.kbId()) != null && advanced.to() < floors[partition]) {
                inPartition.put(advanced.kbId(), behindTheFloor(advanced.to()));
            }
        } else if (write instanceof KbWrite.Failed failed) {
            long now = clockMicros.getAsLong();
            String checkpoint = before != null && before.version() == failed.version() ? before.checkpoint() : null;
            boolean setAside = failed.retryAfter() == null;
            long dueMicros = setAside
                    ? 0
                    : now
                            + TimeUnit.NANOSECONDS.toMicros(
                                    Objects.requireNonNull(failed.retryAfter()).toNanos());
            inPartition.put(
                    failed.kbId(),
                    new KbRecord(
                            failed.version(),
                            failed.failures(),
                            failed.error(),
                            now,
                            dueMicros,
                            setAside,
                            checkpoint != null,
                            checkpoint));
        } else if (write instanceof KbWrite.Checkpointed saved) {
            KbRecord kept = before != null && before.version() == saved.version()
                    ? before
                    : new KbRecord(saved.version(), 0, null, 0, 0, false, false, null);
            inPartition.put(
                    saved.kbId(),
                    new KbRecord(
                            kept.version(),
                            kept.failures(),
                            kept.error(),
                            kept.failedMicros(),
                            kept.dueMicros(),
                            kept.setAside(),
                            true,
                            saved.checkpoint()));
        }
    }

    @Override
    public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
        Set<Integer> reached = new TreeSet<>();
        for (Epoch epoch : carried) {
            int partition = epoch.scope();
            if (isCurrent(epoch) && (floors[partition] >= version || lowest(partition) >= version)) {
                floors[partition] = Math.max(floors[partition], version);
                reached.add(partition);
            }
        }
        return reached;
    }

    @Override
    public synchronized Optional<Document> document(String name) {
        return Optional.ofNullable(documents.get(name));
    }

    @Override
    public synchronized List<Document> documents(String prefix) {
        return documents.tailMap(prefix, true).values().stream()
                .takeWhile(document -> document.name().startsWith(prefix))
                .toList();
    }

    @Override
    public synchronized boolean compareAndSet(
            String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        Document before = documents.get(name);
        if ((before == null ? 0 : before.revision()) != expectedRevision || (fence != null && !isCurrent(fence))) {
            return false;
        }
        if (json == null) {
            return documents.remove(name) != null;
        }
        documents.put(name, new Document(name, ++revisions, json));
        return true;
    }
}
