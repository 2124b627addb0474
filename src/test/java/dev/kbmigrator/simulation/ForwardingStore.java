package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Passes every call on; what a planted bug changes, it overrides. */
class ForwardingStore implements StateStore {

    final StateStore store;

    ForwardingStore(StateStore store) {
        this.store = store;
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return store.replicaReports();
    }

    @Override
    public Snapshot look(Heartbeat self) {
        return store.look(self);
    }

    @Override
    public void forgetReplica(String replicaId) {
        store.forgetReplica(replicaId);
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return store.openEpochs(scopes);
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        return store.enroll(kbIds, version);
    }

    @Override
    public void remove(Collection<String> kbIds) {
        store.remove(kbIds);
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        return store.find(kbIds);
    }

    @Override
    public Page page(PageQuery request) {
        return store.page(request);
    }

    @Override
    public long count(long belowVersion) {
        return store.count(belowVersion);
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        return store.write(epochs, writes);
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        return store.raiseFloors(epochs, version);
    }

    @Override
    public Optional<Document> document(String name) {
        return store.document(name);
    }

    @Override
    public List<Document> documents(String prefix) {
        return store.documents(prefix);
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
        return store.compareAndSet(name, expectedRevision, json, fence);
    }

    @Override
    public int maxBatch() {
        return store.maxBatch();
    }
}
