package dev.kbmigrator.internal.engine;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A store that says how it is asked, before it answers. */
class WatchedStore extends MemoryStateStore {

    static final String LOOK = "look";
    static final String CHANGE = "change ";
    static final String CHANGE_STATE = CHANGE + GlobalState.DOCUMENT;
    static final String FORGET_REPLICA = "forget replica";
    static final String ENROL = "enrol";

    /** What was asked for, in order. */
    final List<String> calls = new ArrayList<>();

    /** How the replicas announced themselves. */
    final List<Heartbeat> heartbeats = new ArrayList<>();

    /** Told of each call before it is answered. */
    Consumer<String> onCall = call -> {};

    /** What is shown instead of what there is. */
    UnaryOperator<Snapshot> shown = snapshot -> snapshot;

    private final Scripted surroundings;
    private boolean silent;

    WatchedStore(Scripted surroundings) {
        super(surroundings::micros);
        this.surroundings = surroundings;
    }

    private void called(String call) {
        if (!silent) {
            calls.add(call);
            onCall.accept(call);
        }
    }

    /** How often it was asked for that. */
    int count(String call) {
        return Collections.frequency(calls, call);
    }

    /** What others do to the store. */
    void byOthers(Runnable calls) {
        silent = true;
        calls.run();
        silent = false;
    }

    /** Stores a document, whatever there was. */
    void put(String name, String json) {
        byOthers(() -> {
            long revision = document(name).map(Document::revision).orElse(0L);
            compareAndSet(name, revision, json, null);
        });
    }

    /** The host's list was gone through just now. */
    void listed() {
        put(
                Document.ANNOUNCED + "listing",
                "{\"startedMicros\":%1$d,\"completedMicros\":%1$d}".formatted(surroundings.micros()));
    }

    /** All KBs are there, as far as the floors tell. */
    void allReached(long version) {
        byOthers(() -> raiseFloors(openEpochs(Partitions.all()).values(), version));
    }

    /** Another coordinator takes over. */
    void takeOver() {
        byOthers(() -> openEpochs(Set.of(Epoch.COORDINATOR)));
    }

    GlobalState state() {
        return GlobalState.read(super.document(GlobalState.DOCUMENT).orElse(null), 0);
    }

    @Override
    public synchronized Snapshot look(Heartbeat self) {
        heartbeats.add(self);
        called(LOOK);
        return shown.apply(super.look(self));
    }

    @Override
    public synchronized void forgetReplica(String replicaId) {
        called(FORGET_REPLICA);
        super.forgetReplica(replicaId);
    }

    @Override
    public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        called("open epochs");
        return super.openEpochs(scopes);
    }

    @Override
    public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
        called(ENROL);
        return super.enroll(kbIds, version);
    }

    @Override
    public synchronized Optional<Document> document(String name) {
        called("read " + name);
        return super.document(name);
    }

    @Override
    public synchronized boolean compareAndSet(
            String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        called(CHANGE + name);
        return super.compareAndSet(name, expectedRevision, json, fence);
    }
}
