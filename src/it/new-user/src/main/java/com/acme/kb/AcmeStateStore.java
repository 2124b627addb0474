package com.acme.kb;

import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;

/** The state in maps, one monitor around them: written from the SPI's documentation alone. */
public final class AcmeStateStore implements StateStore {

    private final TreeMap<String, KbState> kbs = new TreeMap<>();
    private final TreeMap<String, Document> documents = new TreeMap<>();
    private final Map<String, ReplicaState> replicas = new HashMap<>();
    private final Map<String, ReplicaReport> reports = new HashMap<>();
    private final long[] floors = new long[Partitions.COUNT];
    private final long[] epochs = new long[Partitions.COUNT + 1];
    private long numbers;

    private static long now() {
        return System.currentTimeMillis() * 1_000;
    }

    @Override
    public synchronized Snapshot look(Heartbeat self) {
        long now = now();
        String id = self.self().replicaId();
        if (!self.observer()) {
            ReplicaState known = replicas.get(id);
            replicas.put(id, new ReplicaState(self.self(), known == null ? now : known.firstSeenMicros(), now));
            if (self.report() != null) {
                reports.put(id, new ReplicaReport(id, self.report(), now));
            }
        }
        long[] shown = self.thorough() ? lowest() : floors;
        List<KbRecordCount> counts = new ArrayList<>();
        for (KbState kb : kbs.values()) {
            KbRecord attempt = kb.record();
            if (attempt != null) {
                boolean due = self.due().isDue(attempt, now);
                boolean waits = !due && !attempt.setAside();
                counts.add(new KbRecordCount(
                        Partitions.of(kb.kbId()), attempt.version(), due ? 1 : 0, waits ? 1 : 0,
                        attempt.setAside() ? 1 : 0, waits ? attempt.dueMicros() : Long.MAX_VALUE,
                        attempt.countsAsFailing() ? 1 : 0));
            }
        }
        return new Snapshot(
                now, documents(Document.ANNOUNCED), LongStream.of(shown).boxed().toList(), grouped(counts),
                List.copyOf(replicas.values()));
    }

    private long[] lowest() {
        long[] lowest = LongStream.generate(() -> Long.MAX_VALUE).limit(Partitions.COUNT).toArray();
        for (KbState kb : kbs.values()) {
            if (kb.record() == null) {
                int partition = Partitions.of(kb.kbId());
                lowest[partition] = Math.min(lowest[partition], kb.version());
            }
        }
        return lowest;
    }

    private static List<KbRecordCount> grouped(List<KbRecordCount> counts) {
        Map<List<Long>, KbRecordCount> groups = new HashMap<>();
        for (KbRecordCount count : counts) {
            groups.merge(List.of((long) count.partition(), count.version()), count, (a, b) -> new KbRecordCount(
                    a.partition(), a.version(), a.due() + b.due(), a.waiting() + b.waiting(),
                    a.setAside() + b.setAside(), Math.min(a.nextDueMicros(), b.nextDueMicros()),
                    a.failing() + b.failing()));
        }
        return List.copyOf(groups.values());
    }

    @Override
    public synchronized void forgetReplica(String replicaId) {
        replicas.remove(replicaId);
        reports.remove(replicaId);
    }

    @Override
    public synchronized List<ReplicaReport> replicaReports() {
        return List.copyOf(reports.values());
    }

    @Override
    public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        Map<Integer, Epoch> opened = new HashMap<>();
        scopes.forEach(scope -> opened.put(scope, new Epoch(scope, ++epochs[scope])));
        return opened;
    }

    @Override
    public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
        Set<String> enrolled = new HashSet<>();
        for (String kbId : kbIds) {
            if (!kbs.containsKey(kbId)) {
                kbs.put(kbId, new KbState(kbId, ++numbers, version, behindTheFloor(kbId, version)));
                enrolled.add(kbId);
            }
        }
        return enrolled;
    }

    private KbRecord behindTheFloor(String kbId, long version) {
        return version < floors[Partitions.of(kbId)] ? untried(version + 1) : null;
    }

    private static KbRecord untried(long version) {
        return new KbRecord(version, 0, null, 0, 0, false, false, null);
    }

    @Override
    public synchronized void remove(Collection<String> kbIds) {
        kbIds.forEach(kbs::remove);
    }

    @Override
    public synchronized Map<String, KbState> find(Collection<String> kbIds) {
        Map<String, KbState> found = new HashMap<>(kbs);
        found.keySet().retainAll(new HashSet<>(kbIds));
        return found;
    }

    @Override
    public synchronized Page page(PageQuery request) {
        List<KbState> listed = new ArrayList<>();
        Map<String, KbState> rest =
                request.after() == null ? kbs : kbs.tailMap(request.after().position(), false);
        for (KbState kb : rest.values()) {
            if (isSelected(kb, request)) {
                listed.add(new KbState(
                        kb.kbId(), kb.incarnation(), kb.version(), checkpointed(kb.record(), null)));
                if (listed.size() == request.limit()) {
                    return new Page(listed, new Cursor(kb.kbId()));
                }
            }
        }
        return new Page(listed, null);
    }

    private static boolean isSelected(KbState kb, PageQuery request) {
        KbRecord attempt = kb.record();
        return request.partitions().contains(Partitions.of(kb.kbId()))
                && kb.version() < request.belowVersion()
                && switch (request.selection()) {
                    case ALL -> true;
                    case FAILING -> attempt != null && (attempt.failures() > 0 || attempt.setAside());
                    case DUE -> attempt == null || request.due().isDue(attempt, now());
                };
    }

    /** The attempt with another text, which says what it said before about there being one. */
    private static KbRecord checkpointed(KbRecord attempt, String checkpoint) {
        return attempt == null ? null : new KbRecord(
                attempt.version(), attempt.failures(), attempt.error(), attempt.failedMicros(), attempt.dueMicros(),
                attempt.setAside(), attempt.checkpointed() || checkpoint != null, checkpoint);
    }

    @Override
    public synchronized long count(long belowVersion) {
        return kbs.values().stream().filter(kb -> kb.version() < belowVersion).count();
    }

    @Override
    public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
        Set<Integer> stale = new HashSet<>();
        writes.forEach(write -> stale.add(Partitions.of(write.kbId())));
        carried.forEach(epoch -> stale.remove(epoch.scope()));
        carried.stream().filter(epoch -> !isCurrent(epoch)).forEach(epoch -> stale.add(epoch.scope()));
        Map<String, WriteResult.NotDone> notDone = new HashMap<>();
        for (KbWrite write : writes) {
            KbState before = kbs.get(write.kbId());
            if (stale.contains(Partitions.of(write.kbId()))) {
                continue;
            }
            if (before == null || before.incarnation() != write.incarnation()) {
                notDone.put(write.kbId(), new WriteResult.Gone());
            } else if (before.version() != write.from()) {
                notDone.put(write.kbId(), new WriteResult.Stale(before.version()));
            } else {
                kbs.put(write.kbId(), after(write, before));
            }
        }
        return new WriteResult(stale, notDone);
    }

    private boolean isCurrent(Epoch epoch) {
        return epochs[epoch.scope()] == epoch.number();
    }

    private KbState after(KbWrite write, KbState before) {
        KbRecord attempt = before.record();
        if (write instanceof KbWrite.Advanced advanced) {
            return new KbState(
                    before.kbId(), before.incarnation(), advanced.to(),
                    attempt == null ? null : behindTheFloor(before.kbId(), advanced.to()));
        }
        if (write instanceof KbWrite.Failed failed) {
            String kept = attempt != null && attempt.version() == failed.version() ? attempt.checkpoint() : null;
            long now = now();
            long due = failed.retryAfter() == null ? 0 : now + failed.retryAfter().toNanos() / 1_000;
            return new KbState(before.kbId(), before.incarnation(), before.version(), new KbRecord(
                    failed.version(), failed.failures(), failed.error(), now, due,
                    failed.retryAfter() == null, kept != null, kept));
        }
        KbWrite.Checkpointed saved = (KbWrite.Checkpointed) write;
        KbRecord same = attempt != null && attempt.version() == saved.version() ? attempt : untried(saved.version());
        return new KbState(
                before.kbId(), before.incarnation(), before.version(), checkpointed(same, saved.checkpoint()));
    }

    @Override
    public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
        Set<Integer> reached = new HashSet<>();
        long[] lowest = lowest();
        for (Epoch epoch : carried) {
            int partition = epoch.scope();
            if (isCurrent(epoch) && (lowest[partition] >= version || floors[partition] >= version)) {
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
        return documents.values().stream().filter(document -> document.name().startsWith(prefix)).toList();
    }

    @Override
    public synchronized boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
        long revision = document(name).map(Document::revision).orElse(0L);
        if (revision != expectedRevision || (fence != null && !isCurrent(fence))) {
            return false;
        }
        if (json == null) {
            return documents.remove(name) != null;
        }
        documents.put(name, new Document(name, ++numbers, json));
        return true;
    }
}
