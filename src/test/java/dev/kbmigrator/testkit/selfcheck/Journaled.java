package dev.kbmigrator.testkit.selfcheck;

import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A correct store that survives a restart: it keeps a journal of the calls that change something, and makes them again. */
class Journaled extends MemoryStateStore {

    /** A call that changed something: when, which method, what it was about, and how to make it again. */
    record Entry(long micros, String method, Collection<String> about, Function<MemoryStateStore, ?> again) {}

    /** Shows the times of a journal while it is replayed. */
    static final class JournalClock implements LongSupplier {

        private final LongSupplier real;
        private @Nullable Long replayed;

        JournalClock(LongSupplier real) {
            this.real = real;
        }

        @Override
        public long getAsLong() {
            return replayed == null ? real.getAsLong() : replayed;
        }
    }

    private final JournalClock clock;
    private final List<Entry> journal = new ArrayList<>();

    Journaled(LongSupplier clock) {
        this(new JournalClock(clock));
    }

    private Journaled(JournalClock clock) {
        super(clock);
        this.clock = clock;
    }

    /** What is left of the journal when the process dies. */
    List<Entry> surviving(List<Entry> all) {
        return all;
    }

    /** A store of the same kind, which has what survived. */
    synchronized Journaled restarted(Function<LongSupplier, Journaled> maker) {
        Journaled again = maker.apply(clock.real);
        again.replay(surviving(journal));
        return again;
    }

    /** What a follower has received. */
    synchronized MemoryStateStore withoutTheLastChange() {
        List<Entry> received = new ArrayList<>(journal);
        received.removeIf(
                entry -> entry.method().equals("look") && entry.about().contains("driver"));
        Journaled follower = new Journaled(clock.real);
        follower.replay(received.subList(0, Math.max(0, received.size() - 1)));
        return follower;
    }

    private synchronized void replay(List<Entry> entries) {
        for (Entry entry : entries) {
            clock.replayed = entry.micros();
            Object unused = entry.again().apply(this);
        }
        clock.replayed = null;
    }

    private <T> T logged(String method, Collection<String> about, Function<MemoryStateStore, T> again, T result) {
        journal.add(new Entry(clock.getAsLong(), method, List.copyOf(about), again));
        return result;
    }

    @Override
    public synchronized Snapshot look(Heartbeat heartbeat) {
        return logged(
                "look", List.of(heartbeat.self().replicaId()), store -> store.look(heartbeat), super.look(heartbeat));
    }

    @Override
    public synchronized void forgetReplica(String replicaId) {
        super.forgetReplica(replicaId);
        logged("forgetReplica", List.of(replicaId), store -> forgotten(store, replicaId), true);
    }

    private static boolean forgotten(MemoryStateStore store, String replicaId) {
        store.forgetReplica(replicaId);
        return true;
    }

    @Override
    public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        return logged("openEpochs", List.of(), store -> store.openEpochs(scopes), super.openEpochs(scopes));
    }

    @Override
    public synchronized Set<String> enroll(Collection<String> kbIds, long version) {
        return logged("enroll", kbIds, store -> store.enroll(kbIds, version), super.enroll(kbIds, version));
    }

    @Override
    public synchronized void remove(Collection<String> kbIds) {
        super.remove(kbIds);
        logged("remove", kbIds, store -> removed(store, kbIds), true);
    }

    private static boolean removed(MemoryStateStore store, Collection<String> kbIds) {
        store.remove(kbIds);
        return true;
    }

    @Override
    public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
        List<String> about = writes.stream().map(KbWrite::kbId).toList();
        return logged("write", about, store -> store.write(carried, writes), super.write(carried, writes));
    }

    @Override
    public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
        return logged(
                "raiseFloors",
                List.of(),
                store -> store.raiseFloors(carried, version),
                super.raiseFloors(carried, version));
    }

    @Override
    public synchronized boolean compareAndSet(
            String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence) {
        return logged(
                "compareAndSet",
                List.of(name),
                store -> store.compareAndSet(name, expectedRevision, json, fence),
                super.compareAndSet(name, expectedRevision, json, fence));
    }
}
