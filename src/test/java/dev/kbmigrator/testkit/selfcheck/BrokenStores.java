package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaInfo;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** Stores that each get one thing wrong about pages, enrolments, floors, documents or looks. */
final class BrokenStores {

    private BrokenStores() {}

    static final class SkipsAKbAtPageEdges extends MemoryStateStore {
        SkipsAKbAtPageEdges(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Page page(PageQuery request) {
            Page page = super.page(request);
            return request.after() == null || page.kbs().isEmpty()
                    ? page
                    : new Page(page.kbs().subList(1, page.kbs().size()), page.next());
        }
    }

    /** Pages by OFFSET: what changes meanwhile shifts the rest. */
    static final class PagesByOffset extends MemoryStateStore {
        PagesByOffset(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Page page(PageQuery request) {
            int offset = request.after() == null
                    ? 0
                    : Integer.parseInt(request.after().position());
            List<KbState> all = super.page(new PageQuery(
                            request.partitions(),
                            request.selection(),
                            request.belowVersion(),
                            request.due(),
                            null,
                            Integer.MAX_VALUE))
                    .kbs();
            int end = Math.min(all.size(), offset + request.limit());
            Cursor next = end < all.size() ? new Cursor("" + end) : null;
            return new Page(offset < end ? all.subList(offset, end) : List.of(), next);
        }
    }

    static final class PagesWithCheckpoints extends MemoryStateStore {
        PagesWithCheckpoints(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Page page(PageQuery request) {
            Page page = super.page(request);
            List<String> kbIds = page.kbs().stream().map(KbState::kbId).toList();
            return new Page(new ArrayList<>(find(kbIds).values()), page.next());
        }
    }

    static final class EnrollingLowers extends MemoryStateStore {
        EnrollingLowers(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            Set<String> enrolled = super.enroll(kbIds, version);
            for (KbState kb : find(kbIds).values()) {
                if (kb.version() > version) {
                    remove(List.of(kb.kbId()));
                    super.enroll(List.of(kb.kbId()), version);
                }
            }
            return enrolled;
        }
    }

    /** As a script in a language that has no other numbers. */
    static final class KeepsVersionsAsDoubles extends MemoryStateStore {
        KeepsVersionsAsDoubles(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            return super.enroll(kbIds, (long) (double) version);
        }
    }

    /** Does not show the attempts of some KBs. */
    abstract static class Hiding extends BrokenWrites.Sloppy {

        private final Set<String> hidden = ConcurrentHashMap.newKeySet();

        Hiding(LongSupplier clock) {
            super(clock);
        }

        void hide(String kbId) {
            hidden.add(kbId);
        }

        private KbState shown(KbState kb) {
            return hidden.contains(kb.kbId()) ? new KbState(kb.kbId(), kb.incarnation(), kb.version(), null) : kb;
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            Map<String, KbState> found = new HashMap<>(super.find(kbIds));
            found.replaceAll((kbId, kb) -> shown(kb));
            return found;
        }

        @Override
        public synchronized Page page(PageQuery request) {
            Page page = super.page(request);
            return new Page(page.kbs().stream().map(this::shown).toList(), page.next());
        }
    }

    static final class EnrollsBehindTheFloorUnseen extends Hiding {
        EnrollsBehindTheFloorUnseen(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            Set<String> enrolled = super.enroll(kbIds, version);
            enrolled.forEach(this::hide);
            return enrolled;
        }
    }

    /** Reads the floors, and enrols in another statement: a floor may rise in between. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
    static final class EnrollsByAnOldFloor extends Hiding {

        private List<Long> floors = List.of();

        EnrollsByAnOldFloor(LongSupplier clock) {
            super(clock);
            readFloors();
        }

        private synchronized List<Long> readFloors() {
            floors = look(new Heartbeat(
                            new ReplicaInfo("x", "", "", "", 0, 0, false), null, DueFilter.BY_THE_CLOCK, false, false))
                    .floors();
            forgetReplica("x");
            return floors;
        }

        @Override
        public Set<String> enroll(Collection<String> kbIds, long version) {
            List<Long> seen = readFloors();
            LockSupport.parkNanos(1_000_000);
            Set<String> enrolled = super.enroll(kbIds, version);
            enrolled.stream()
                    .filter(kbId -> version >= seen.get(Partitions.of(kbId)))
                    .forEach(this::hide);
            return enrolled;
        }
    }

    /** Forgets the attempt of a KB that advances, behind the floor or not. */
    static final class AdvancesBehindTheFloorUnseen extends Hiding {
        AdvancesBehindTheFloorUnseen(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
            writes.stream().filter(KbWrite.Advanced.class::isInstance).forEach(write -> hide(write.kbId()));
            return super.write(carried, writes);
        }
    }

    static final class RaisesFloorsUnseen extends BrokenWrites.Sloppy {

        private final Map<Integer, Long> raised = new HashMap<>();

        RaisesFloorsUnseen(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
            Set<Integer> reached = new HashSet<>(super.raiseFloors(carried, version));
            for (Epoch epoch : carried) {
                if (!isStale(epoch)) {
                    raised.merge(epoch.scope(), version, Math::max);
                    reached.add(epoch.scope());
                }
            }
            return reached;
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            Snapshot seen = super.look(self);
            List<Long> floors = new ArrayList<>(seen.floors());
            raised.forEach((partition, floor) -> floors.set(partition, Math.max(floor, floors.get(partition))));
            return new Snapshot(
                    seen.storeMicros(),
                    seen.documents(),
                    self.thorough() ? seen.floors() : floors,
                    seen.recordCounts(),
                    seen.replicas());
        }
    }

    /** A case-insensitive collation, or one that pads with spaces. */
    static final class Collates extends MemoryStateStore {

        private final UnaryOperator<String> collation;

        Collates(LongSupplier clock, UnaryOperator<String> collation) {
            super(clock);
            this.collation = collation;
        }

        @Override
        public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
            return super.enroll(kbIds.stream().map(collation).toList(), version);
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            return super.find(kbIds.stream().map(collation).toList());
        }

        @Override
        public synchronized void remove(Collection<String> kbIds) {
            super.remove(kbIds.stream().map(collation).toList());
        }
    }

    /** Deletes the KB's row, but not the one of its attempt. */
    static final class RemovingLeavesAttempts extends BrokenWrites.Sloppy {

        private final Map<String, KbRecord> left = new HashMap<>();

        RemovingLeavesAttempts(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized void remove(Collection<String> kbIds) {
            find(kbIds).values().stream()
                    .filter(kb -> kb.record() != null)
                    .forEach(kb -> left.put(kb.kbId(), kb.record()));
            super.remove(kbIds);
        }

        @Override
        public synchronized Map<String, KbState> find(Collection<String> kbIds) {
            Map<String, KbState> found = new HashMap<>(super.find(kbIds));
            found.replaceAll((kbId, kb) ->
                    kb.record() == null ? new KbState(kbId, kb.incarnation(), kb.version(), left.get(kbId)) : kb);
            return found;
        }
    }

    /** LIKE without an escape. */
    static final class TakesPrefixesForPatterns extends MemoryStateStore {
        TakesPrefixesForPatterns(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized List<Document> documents(String prefix) {
            String pattern = prefix.replaceAll("([^A-Za-z0-9_%])", "\\\\$1")
                            .replace("_", ".")
                            .replace("%", ".*") + ".*";
            return super.documents("").stream()
                    .filter(document -> document.name().matches(pattern))
                    .toList();
        }
    }

    /** Reads the revision in one statement, and writes in another. */
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // on purpose
    static final class ComparesThenSets extends MemoryStateStore {
        ComparesThenSets(LongSupplier clock) {
            super(clock);
        }

        @Override
        public boolean compareAndSet(String name, long expected, String json, Epoch fence) {
            long stored = document(name).map(Document::revision).orElse(0L);
            LockSupport.parkNanos(200_000);
            synchronized (this) {
                long now = document(name).map(Document::revision).orElse(0L);
                return stored == expected && super.compareAndSet(name, now, json, fence);
            }
        }
    }

    /** The revision is a counter in the document's row, which goes with the row. */
    static final class RevisionsStartAgain extends MemoryStateStore {

        private final Map<String, Long> counters = new HashMap<>();

        RevisionsStartAgain(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Optional<Document> document(String name) {
            return super.document(name).map(document -> new Document(name, counters.get(name), document.json()));
        }

        @Override
        public synchronized boolean compareAndSet(String name, long expected, String json, Epoch fence) {
            long stored = super.document(name).map(Document::revision).orElse(0L);
            boolean changed =
                    counters.getOrDefault(name, 0L) == expected && super.compareAndSet(name, stored, json, fence);
            if (changed && json == null) {
                counters.remove(name);
            } else if (changed) {
                counters.merge(name, 1L, Long::sum);
            }
            return changed;
        }
    }

    static final class ShowsAllDocuments extends MemoryStateStore {
        ShowsAllDocuments(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            Snapshot seen = super.look(self);
            return new Snapshot(seen.storeMicros(), documents(""), seen.floors(), seen.recordCounts(), seen.replicas());
        }
    }

    /** Replaces the replica's row. */
    static final class ForgetsWhenAReplicaWasFirstSeen extends MemoryStateStore {
        ForgetsWhenAReplicaWasFirstSeen(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            forgetReplica(self.self().replicaId());
            return super.look(self);
        }
    }

    /** Lists an observer as if it worked. */
    static final class AnnouncesObservers extends MemoryStateStore {
        AnnouncesObservers(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            return super.look(new Heartbeat(self.self(), self.report(), self.due(), self.thorough(), false));
        }
    }

    /** Takes a look without a report for one with an empty report. */
    static final class ForgetsReports extends MemoryStateStore {
        ForgetsReports(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            String report = self.report() == null ? "" : self.report();
            return super.look(new Heartbeat(self.self(), report, self.due(), self.thorough(), self.observer()));
        }
    }

    /** Keeps the report of a replica that is no longer listed. */
    static final class KeepsReportsOfTheForgotten extends MemoryStateStore {
        private final Map<String, ReplicaReport> all = new HashMap<>();

        KeepsReportsOfTheForgotten(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized List<ReplicaReport> replicaReports() {
            super.replicaReports().forEach(report -> all.put(report.replicaId(), report));
            return List.copyOf(all.values());
        }
    }

    /** Takes the limit of a list of documents for a hint. */
    static final class ListsTooManyDocuments extends MemoryStateStore {
        ListsTooManyDocuments(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized List<Document> documents(String prefix, String after, int limit) {
            return super.documents(prefix, after, limit + 1);
        }
    }

    /** Repeats the last document of the page before. */
    static final class RepeatsADocument extends MemoryStateStore {
        RepeatsADocument(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized List<Document> documents(String prefix, String after, int limit) {
            return documents(prefix).stream()
                    .filter(document -> document.name().compareTo(after) >= 0)
                    .limit(limit)
                    .toList();
        }
    }

    /** Answers a thorough look with the floors. */
    static final class NeverLooksThoroughly extends MemoryStateStore {
        NeverLooksThoroughly(LongSupplier clock) {
            super(clock);
        }

        @Override
        public synchronized Snapshot look(Heartbeat self) {
            return super.look(new Heartbeat(self.self(), self.report(), self.due(), false, self.observer()));
        }
    }
}
