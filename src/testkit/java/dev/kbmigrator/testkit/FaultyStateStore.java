package dev.kbmigrator.testkit;

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
import org.jspecify.annotations.Nullable;

/**
 * Wraps a state store so that its calls fail as {@link Faults} say. Rules refer to a call by the name of its method. Safe for
 * use by many threads if the wrapped store is.
 */
public final class FaultyStateStore implements StateStore {

    private final StateStore real;
    private final Faults faults;

    /**
     * Wraps a store.
     *
     * @param real the store that receives the calls
     * @param faults decides which calls fail
     */
    public FaultyStateStore(StateStore real, Faults faults) {
        this.real = real;
        this.faults = faults;
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return faults.call("replicaReports", real::replicaReports);
    }

    @Override
    public Snapshot look(Heartbeat self) {
        return faults.call("look", () -> real.look(self));
    }

    @Override
    public void forgetReplica(String replicaId) {
        faults.run("forgetReplica", () -> real.forgetReplica(replicaId));
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return faults.call("openEpochs", () -> real.openEpochs(scopes));
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        return faults.call("enroll", () -> real.enroll(kbIds, version));
    }

    @Override
    public void remove(Collection<String> kbIds) {
        faults.run("remove", () -> real.remove(kbIds));
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        return faults.call("find", () -> real.find(kbIds));
    }

    @Override
    public Page page(PageQuery request) {
        return faults.call("page", () -> real.page(request));
    }

    @Override
    public long count(long belowVersion) {
        return faults.call("count", () -> real.count(belowVersion));
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        return faults.call("write", () -> real.write(epochs, writes));
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        return faults.call("raiseFloors", () -> real.raiseFloors(epochs, version));
    }

    @Override
    public Optional<Document> document(String name) {
        return faults.call("document", () -> real.document(name));
    }

    @Override
    public List<Document> documents(String prefix) {
        return faults.call("documents", () -> real.documents(prefix));
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        return faults.call("compareAndSet", () -> real.compareAndSet(name, expectedRevision, json, fence));
    }

    /** Never fails and is not counted, because it is a property of the store rather than a call to it. */
    @Override
    public int maxBatch() {
        return real.maxBatch();
    }
}
