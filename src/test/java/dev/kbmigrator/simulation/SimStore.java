package dev.kbmigrator.simulation;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaReport;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
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

/** The state store as one process sees it: behind a {@link SimConnection}. */
final class SimStore implements StateStore {

    private final Node node;
    private final World world;
    private final StateStore store;
    private final SimConnection wire;

    private record Seen(Snapshot snapshot, long at) {}

    SimStore(Node node, StateStore store) {
        this.node = node;
        this.world = node.world;
        this.store = store;
        this.wire = new SimConnection(node);
    }

    private <T> T call(java.util.function.Supplier<T> effect, String what, Object... details) {
        return wire.call(world.storeFaults(), effect, what, details);
    }

    @Override
    public List<ReplicaReport> replicaReports() {
        return call(store::replicaReports, "replicaReports");
    }

    @Override
    public Snapshot look(Heartbeat self) {
        Seen seen = call(() -> new Seen(store.look(self), world.model.lookedAt), "look");
        node.scheduler.current().lastLook = seen.at();
        return seen.snapshot();
    }

    @Override
    public void forgetReplica(String replicaId) {
        call(
                () -> {
                    store.forgetReplica(replicaId);
                    return true;
                },
                "forgetReplica",
                replicaId);
    }

    @Override
    public Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        Map<Integer, Epoch> opened = call(() -> store.openEpochs(scopes), "openEpochs", scopes.toString());
        // Another replica of the same process may have been granted the name, too
        opened.forEach((scope, epoch) ->
                node.scheduler.current().granted.get(SimMigrations.lockName(scope)).token = epoch.number());
        return opened;
    }

    @Override
    public Set<String> enroll(Collection<String> kbIds, long version) {
        return call(() -> store.enroll(kbIds, version), "enroll", kbIds.toString(), version);
    }

    @Override
    public void remove(Collection<String> kbIds) {
        call(
                () -> {
                    store.remove(kbIds);
                    return true;
                },
                "remove",
                kbIds.toString());
    }

    @Override
    public Map<String, KbState> find(Collection<String> kbIds) {
        return call(() -> store.find(kbIds), "find", kbIds.toString());
    }

    @Override
    public Page page(PageQuery request) {
        return call(() -> store.page(request), "page", request.belowVersion(), request.selection());
    }

    @Override
    public long count(long belowVersion) {
        return call(() -> store.count(belowVersion), "count", belowVersion);
    }

    @Override
    public WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
        world.migrations.checkSent(node, epochs);
        // A rejection is an answer: whoever sees to a call that is under way must not fail
        Object answer;
        try {
            answer = call(
                    () -> {
                        try {
                            return (Object)
                                    (world.scenario.refusesPerScope
                                            ? writePerScope(epochs, writes)
                                            : store.write(epochs, writes));
                        } catch (StateStoreException e) {
                            return e;
                        }
                    },
                    "write",
                    epochs.toString(),
                    shown(writes));
        } catch (StateStoreException e) {
            node.writesFailed = true;
            throw e;
        }
        if (answer instanceof StateStoreException rejection) {
            node.writesFailed = true;
            throw rejection;
        }
        return (WriteResult) answer;
    }

    private WriteResult writePerScope(Collection<Epoch> epochs, List<KbWrite> writes) {
        Map<Integer, List<KbWrite>> parts = new TreeMap<>();
        writes.forEach(write -> parts.computeIfAbsent(Partitions.of(write.kbId()), part -> new ArrayList<>())
                .add(write));
        Set<Integer> stale = new HashSet<>();
        Map<String, WriteResult.NotDone> exceptions = new HashMap<>();
        parts.forEach((partition, part) -> {
            WriteResult result = store.write(
                    epochs.stream().filter(epoch -> epoch.scope() == partition).toList(), part);
            stale.addAll(result.staleScopes());
            exceptions.putAll(result.exceptions());
        });
        return new WriteResult(stale, exceptions);
    }

    private static String shown(List<KbWrite> writes) {
        StringBuilder text = new StringBuilder();
        for (KbWrite write : writes) {
            text.append(write.getClass().getSimpleName())
                    .append(' ')
                    .append(write.kbId())
                    .append(" from ");
            text.append(write.from()).append("; ");
        }
        return text.toString();
    }

    @Override
    public Set<Integer> raiseFloors(Collection<Epoch> epochs, long version) {
        return call(() -> store.raiseFloors(epochs, version), "raiseFloors", epochs.toString(), version);
    }

    @Override
    public Optional<Document> document(String name) {
        return call(() -> store.document(name), "document", name);
    }

    @Override
    public List<Document> documents(String prefix) {
        return call(() -> store.documents(prefix), "documents", prefix);
    }

    @Override
    public boolean compareAndSet(String name, long expectedRevision, String json, Epoch fence) {
        long look = node.scheduler.current().lastLook;
        return call(
                () -> {
                    world.model.lookOfWriter = look;
                    return store.compareAndSet(name, expectedRevision, json, fence);
                },
                "compareAndSet",
                name,
                expectedRevision,
                json,
                String.valueOf(fence));
    }

    @Override
    public int maxBatch() {
        return store.maxBatch();
    }
}
