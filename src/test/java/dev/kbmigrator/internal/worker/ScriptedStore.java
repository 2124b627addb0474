package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A store that fails, or takes its time, when the test says so, and that notes what was written. */
final class ScriptedStore extends MemoryStateStore {

    private final ManualEnvironment environment;

    /** What was written, call by call. */
    final List<List<KbWrite>> batches = new ArrayList<>();

    /** The epochs of each of these calls. */
    final List<List<Epoch>> epochs = new ArrayList<>();

    /** To which versions floors were raised. */
    final List<Long> raised = new ArrayList<>();

    int maxBatch = 256;
    boolean failing;

    /** Whether a stale epoch refuses the KBs of its own scope only. */
    boolean refusesPerScope;

    /** The scope that a refusal of every batch names; none refuses. */
    int refusesScope = -1;

    /** Whether failures can be recorded even while it fails. */
    boolean failuresPass;

    /** How often something was to be written, with or without success. */
    int attempts;

    boolean raisingFails;
    boolean openingFails;
    boolean removingFails;

    /** Whether each look counts what there is, instead of showing the floors. */
    boolean thorough = true;

    Duration openingTakes = Duration.ZERO;
    Duration findTakes = Duration.ZERO;
    Runnable whileFinding = () -> {};
    Runnable whileWriting = () -> {};

    /** Why a batch is not accepted; null when it is. */
    Function<List<KbWrite>, @Nullable RuntimeException> refuses = writes -> null;

    /** How many batches were not accepted. */
    int refused;

    int finds;

    ScriptedStore(ManualEnvironment environment) {
        super(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
        this.environment = environment;
    }

    /** Returns what is stored of a KB, as nobody else notices. */
    @Nullable
    KbState stored(String kbId) {
        return super.find(Set.of(kbId)).get(kbId);
    }

    @Override
    public synchronized Snapshot look(Heartbeat self) {
        return super.look(new Heartbeat(self.self(), self.report(), self.due(), thorough, self.observer()));
    }

    @Override
    public synchronized Map<String, KbState> find(Collection<String> kbIds) {
        finds++;
        environment.pass(findTakes);
        Map<String, KbState> found = super.find(kbIds);
        whileFinding.run();
        return found;
    }

    @Override
    public synchronized WriteResult write(Collection<Epoch> carried, List<KbWrite> writes) {
        attempts++;
        boolean holdsFailures = writes.stream().allMatch(KbWrite.Failed.class::isInstance);
        if (failing && !(failuresPass && holdsFailures)) {
            throw new IllegalStateException("the store is down");
        }
        if (refusesScope >= 0) {
            return WriteResult.refused(Set.of(refusesScope));
        }
        RuntimeException refusal = refuses.apply(writes);
        if (refusal != null) {
            refused++;
            throw refusal;
        }
        batches.add(List.copyOf(writes));
        epochs.add(List.copyOf(carried));
        WriteResult result = refusesPerScope ? writePerScope(carried, writes) : super.write(carried, writes);
        whileWriting.run();
        return result;
    }

    private WriteResult writePerScope(Collection<Epoch> carried, List<KbWrite> writes) {
        Set<Integer> stale = new HashSet<>();
        Map<String, WriteResult.NotDone> exceptions = new HashMap<>();
        for (KbWrite write : writes) {
            int partition = Partitions.of(write.kbId());
            List<Epoch> own =
                    carried.stream().filter(epoch -> epoch.scope() == partition).toList();
            WriteResult result = super.write(own, List.of(write));
            stale.addAll(result.staleScopes());
            exceptions.putAll(result.exceptions());
        }
        return new WriteResult(stale, exceptions);
    }

    @Override
    public synchronized Map<Integer, Epoch> openEpochs(Set<Integer> scopes) {
        environment.pass(openingTakes);
        if (openingFails) {
            throw new IllegalStateException("the store is down");
        }
        return super.openEpochs(scopes);
    }

    @Override
    public synchronized Set<Integer> raiseFloors(Collection<Epoch> carried, long version) {
        if (raisingFails) {
            throw new IllegalStateException("the store is down again");
        }
        raised.add(version);
        return super.raiseFloors(carried, version);
    }

    @Override
    public synchronized void remove(Collection<String> kbIds) {
        if (removingFails) {
            throw new IllegalStateException("the store is down");
        }
        super.remove(kbIds);
    }

    @Override
    public int maxBatch() {
        return maxBatch;
    }
}
