package dev.kbmigrator.internal.support;

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
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A store that reports to {@link Troubles} how each call ends, and what has moved. Data that the store rejects is no trouble of the
 * call: whoever writes looks for the row. Safe for use by many threads.
 */
public final class ReportingStore implements StateStore {

    private final StateStore store;
    private final Troubles troubles;

    public ReportingStore(StateStore store, Troubles troubles) {
        this.store = store;
        this.troubles = troubles;
    }

    @Override
    public Snapshot look(Heartbeat self) {
        return troubles.watch("look at the shared state", () -> store.look(self));
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return troubles.watch("read the replicas' reports", store::replicaReports);
    }

    @Override
    public void forgetReplica(String replicaId) {
        troubles.watch("remove replicas from the list", () -> {
            store.forgetReplica(replicaId);
            return true;
        });
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return troubles.watch("open epochs", () -> store.openEpochs(scopes));
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        Set<String> enrolled = troubles.watch("enrol KBs", () -> store.enroll(kbIds, version));
        movedIf(!enrolled.isEmpty());
        return enrolled;
    }

    @Override
    public void remove(Collection<String> kbIds) {
        troubles.watch("remove KBs", () -> {
            store.remove(kbIds);
            return true;
        });
        troubles.moved();
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        return troubles.watch("read KBs", () -> store.find(kbIds));
    }

    @Override
    public Page page(PageQuery query) {
        return troubles.watch("list KBs", () -> store.page(query));
    }

    @Override
    public long count(long belowVersion) {
        return troubles.watch("count KBs", () -> store.count(belowVersion));
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        String step = writes.isEmpty() ? "write" : nameOf(writes.get(0));
        WriteResult result;
        try {
            result = store.write(epochs, writes);
        } catch (RuntimeException | Error e) {
            if (Kind.of(e) != Kind.DATA) {
                troubles.failed(step, e);
            }
            throw e;
        }
        troubles.succeeded(step);
        movedIf(!result.refused() && result.exceptions().size() < writes.size());
        return result;
    }

    private static String nameOf(KbWrite first) {
        if (first instanceof KbWrite.Checkpointed) {
            return "save checkpoints of KBs";
        }
        return first instanceof KbWrite.Failed ? "record failures of KBs" : "record versions of KBs";
    }

    private void movedIf(boolean moved) {
        if (moved) {
            troubles.moved();
        }
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        Set<Integer> raised = troubles.watch("raise floors", () -> store.raiseFloors(epochs, version));
        movedIf(!raised.isEmpty());
        return raised;
    }

    @Override
    public Optional<Document> document(String name) {
        return troubles.watch("read documents", () -> store.document(name));
    }

    @Override
    public List<Document> documents(String prefix, String after, int limit) {
        return troubles.watch("list documents", () -> store.documents(prefix, after, limit));
    }

    @Override
    public List<Document> documents(String prefix) {
        return troubles.watch("list documents", () -> store.documents(prefix));
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        return troubles.watch(
                "change the documents " + kindOf(name), () -> store.compareAndSet(name, expectedRevision, json, fence));
    }

    /** Returns what documents of that name are called together, such as {@code now/request} or {@code global}. */
    private static String kindOf(String name) {
        int from = name.startsWith(Document.ANNOUNCED) ? Document.ANNOUNCED.length() : 0;
        int end = name.indexOf('/', from);
        return end < 0 ? name : name.substring(0, end);
    }

    @Override
    public int maxBatch() {
        return store.maxBatch();
    }
}
