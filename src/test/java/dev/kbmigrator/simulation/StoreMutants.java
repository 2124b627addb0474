package dev.kbmigrator.simulation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/** What the planted bugs in the state store, or in what the engine writes there, are made of. */
final class StoreMutants {

    private StoreMutants() {}

    /** Knows the newest epochs, so as to get past the fence. */
    static class Unfenced extends ForwardingStore {

        private final Map<Integer, Epoch> newest = new HashMap<>();

        Unfenced(StateStore store) {
            super(store);
        }

        @Override
        public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
            Map<Integer, Epoch> opened = store.openEpochs(scopes);
            newest.putAll(opened);
            return opened;
        }

        List<Epoch> newest(Collection<Epoch> epochs) {
            return epochs.stream().map(epoch -> newest.get(epoch.scope())).toList();
        }
    }

    /** Counts the revisions of a document in the document itself, which goes when it is deleted. */
    static final class RevisionsStartAgain extends ForwardingStore {

        private final Map<String, Long> counters = new HashMap<>();

        RevisionsStartAgain(StateStore store) {
            super(store);
        }

        private Document shown(Document document) {
            return new Document(document.name(), counters.get(document.name()), document.json());
        }

        @Override
        public Snapshot look(Heartbeat self) {
            Snapshot seen = store.look(self);
            List<Document> documents =
                    seen.documents().stream().map(this::shown).toList();
            return new Snapshot(seen.storeMicros(), documents, seen.floors(), seen.recordCounts(), seen.replicas());
        }

        @Override
        public Optional<Document> document(String name) {
            return store.document(name).map(this::shown);
        }

        @Override
        public List<Document> documents(String prefix) {
            return store.documents(prefix).stream().map(this::shown).toList();
        }

        @Override
        public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
            long stored = store.document(name).map(Document::revision).orElse(0L);
            boolean changed = counters.getOrDefault(name, 0L) == expectedRevision
                    && store.compareAndSet(name, stored, json, fence);
            if (changed && json == null) {
                counters.remove(name);
            } else if (changed) {
                counters.merge(name, 1L, Long::sum);
            }
            return changed;
        }
    }

    /** Raises the floors of all current epochs. */
    static final class BlindFloors extends Unfenced {

        private final Map<Integer, Long> raised = new HashMap<>();

        BlindFloors(StateStore store) {
            super(store);
        }

        @Override
        public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
            store.raiseFloors(epochs, version);
            Set<Integer> current = new TreeSet<>();
            for (Epoch epoch : epochs) {
                if (newest(List.of(epoch)).contains(epoch)) {
                    current.add(epoch.scope());
                    raised.merge(epoch.scope(), version, Math::max);
                }
            }
            return current;
        }

        @Override
        public Snapshot look(Heartbeat self) {
            Snapshot seen = store.look(self);
            List<Long> floors = new ArrayList<>(seen.floors());
            raised.forEach((partition, version) -> floors.set(partition, Math.max(version, floors.get(partition))));
            return new Snapshot(seen.storeMicros(), seen.documents(), floors, seen.recordCounts(), seen.replicas());
        }
    }

    /** Shows no record of a KB that was enrolled behind its floor, until something is written of it. */
    static final class LosesLateKbs extends ForwardingStore {

        private final Set<String> late = new HashSet<>();

        LosesLateKbs(StateStore store) {
            super(store);
        }

        @Override
        public Set<String> enroll(Collection<String> kbIds, long version) {
            Set<String> enrolled = store.enroll(kbIds, version);
            late.addAll(enrolled);
            return enrolled;
        }

        @Override
        public Map<String, KbState> find(Collection<String> kbIds) {
            Map<String, KbState> found = new HashMap<>(store.find(kbIds));
            found.replaceAll(
                    (kbId, kb) -> late.remove(kbId) ? new KbState(kbId, kb.incarnation(), kb.version(), null) : kb);
            return found;
        }
    }

    /** Counts a failure more where the store does not accept a version. */
    static final class CountsWhatIsNotAccepted extends ForwardingStore {

        CountsWhatIsNotAccepted(StateStore store) {
            super(store);
        }

        @Override
        public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
            return store.write(
                    epochs,
                    writes.stream().map(CountsWhatIsNotAccepted::counted).toList());
        }

        private static KbWrite counted(KbWrite write) {
            return write instanceof KbWrite.Failed failed
                            && failed.error().startsWith("the state store does not accept")
                    ? new KbWrite.Failed(
                            failed.kbId(),
                            failed.incarnation(),
                            failed.from(),
                            failed.version(),
                            failed.failures() + 1,
                            failed.error(),
                            failed.retryAfter())
                    : write;
        }
    }

    /** Says of each write that fails that the store is away. */
    static final class TakesAllForOutages extends ForwardingStore {

        TakesAllForOutages(StateStore store) {
            super(store);
        }

        @Override
        public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
            try {
                return store.write(epochs, writes);
            } catch (StateStoreException e) {
                throw new StateStoreException(Kind.OUTAGE, String.valueOf(e.getMessage()), e);
            }
        }
    }

    /** After an outage, takes a row that was to be written for the cause. */
    static final class BlamesRows extends ForwardingStore {

        private final Set<String> blamed = new HashSet<>();

        BlamesRows(StateStore store) {
            super(store);
        }

        @Override
        public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
            for (KbWrite write : writes) {
                if (write instanceof KbWrite.Advanced && blamed.contains(write.kbId())) {
                    throw new StateStoreException(Kind.DATA, "simulated: blamed", null);
                }
                blamed.remove(write.kbId());
            }
            try {
                return store.write(epochs, writes);
            } catch (StateStoreException e) {
                blamed.add(writes.get(0).kbId());
                throw e;
            }
        }
    }

    /** Writes another global state than the engine means to. */
    static final class OtherState extends ForwardingStore {

        private final BiConsumer<ObjectNode, ObjectNode> change;

        /** With what to change in the state that is written, given the one before. */
        OtherState(StateStore store, BiConsumer<ObjectNode, ObjectNode> change) {
            super(store);
            this.change = change;
        }

        @Override
        public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
            Optional<Document> stored = name.equals(Model.STATE) ? store.document(name) : Optional.empty();
            if (stored.isEmpty()) {
                return super.compareAndSet(name, expectedRevision, json, fence);
            }
            ObjectNode changed = (ObjectNode) Model.parse(json);
            change.accept((ObjectNode) Model.parse(stored.get().json()), changed);
            return super.compareAndSet(name, expectedRevision, changed.toString(), fence);
        }
    }

    /** Keeps only the versions of a plan up to that one. */
    static void cutPlan(ObjectNode state, long version) {
        ArrayNode kept = state.arrayNode();
        state.path("plan").forEach(migration -> {
            if (migration.path("version").asLong() <= version) {
                kept.add(migration);
            }
        });
        state.set("plan", kept);
    }

    /** Reads every plan as if it had the names that this build knows. */
    static final class SeesItsOwnNames extends ForwardingStore {

        private final Node node;

        SeesItsOwnNames(StateStore store, Node node) {
            super(store);
            this.node = node;
        }

        @Override
        public Snapshot look(Heartbeat self) {
            Snapshot seen = super.look(self);
            List<Document> documents = seen.documents().stream()
                    .map(document -> document.name().equals(Model.STATE) ? renamed(document) : document)
                    .toList();
            return new Snapshot(seen.storeMicros(), documents, seen.floors(), seen.recordCounts(), seen.replicas());
        }

        private Document renamed(Document document) {
            ObjectNode state = (ObjectNode) Model.parse(document.json());
            state.path("plan").forEach(migration -> {
                MigrationInfo info = node.world.model.migrations.get(
                        migration.path("version").asInt() - 1);
                ((ObjectNode) migration).put("name", node.nameOf(info));
            });
            return new Document(document.name(), document.revision(), state.toString());
        }
    }
}
