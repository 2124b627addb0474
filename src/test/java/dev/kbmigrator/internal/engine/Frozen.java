package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.internal.engine.EngineConfig.Identity;
import dev.kbmigrator.internal.engine.EngineConfig.Timings;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecordCount;
import dev.kbmigrator.spi.Lease;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Surroundings in which nothing happens by itself: time stands still, chance always says 0, and what is started waits until
 * the test runs it. Safe for use by many threads.
 */
class Frozen implements Surroundings {

    static final Duration TTL = Duration.ofSeconds(30);
    static final Duration ACTIVE_LOOK = Duration.ofSeconds(64);
    static final int STORE_CONCURRENCY = 4;

    /** The store's clock in every {@link #view}. */
    static final long STORE_MICROS = TimeUnit.DAYS.toMicros(1);

    /** How many batches are written at a time. */
    int storeConcurrency = STORE_CONCURRENCY;

    /** How many KBs are run at a time. */
    int kbConcurrency = 1;

    /** What the host has registered for its migrations. */
    Services services = new Services(Map.of());

    /** The host's list. */
    KnowledgeBoxes knowledgeBoxes = Stream::empty;

    /** Who is told. */
    List<MigratorListener> listeners = List.of();

    /** How long what failed waits. */
    Duration backoff = Duration.ofHours(1);

    /** How long one KB may run. */
    @Nullable
    Duration attemptTimeout;

    /** What the engine wants to have run in threads of its own. */
    final Tasks started = new Tasks();

    /** In the order in which the engine made them. */
    final List<Flag> signals = new ArrayList<>();

    /** Runs the engine's loops and bodies when the test says so. */
    static final class Tasks implements Executor {

        private final List<Runnable> waiting = new ArrayList<>();

        @Override
        public synchronized void execute(Runnable task) {
            waiting.add(task);
        }

        synchronized int size() {
            return waiting.size();
        }

        private synchronized @Nullable Runnable poll() {
            return waiting.isEmpty() ? null : waiting.remove(0);
        }

        /** Runs the one that has waited longest until it ends or has to wait; answers whether there was one. */
        boolean runOne() {
            Runnable task = poll();
            if (task == null) {
                return false;
            }
            try {
                task.run();
            } catch (Parked e) {
                execute(task);
            }
            return true;
        }
    }

    /** Ends the loop that waits for something that has not been raised, so that the test can run it on later. */
    static final class Parked extends RuntimeException {

        private Parked() {
            super("waits", null, false, false);
        }
    }

    /** A signal at which a loop does not wait, but leaves. */
    static final class Flag implements Signal {

        private boolean raised;
        private long lastWait;

        @Override
        public synchronized void raise() {
            raised = true;
        }

        synchronized boolean isRaised() {
            return raised;
        }

        /** Answers whether it was raised; it is not any more. */
        synchronized boolean lower() {
            boolean was = raised;
            raised = false;
            return was;
        }

        /** How long whoever came here last wanted to wait at most, in nanoseconds. */
        synchronized long lastWait() {
            return lastWait;
        }

        @Override
        public synchronized void await(long nanos) {
            lastWait = nanos;
            if (!lower()) {
                throw new Parked();
            }
        }

        @Override
        public void awaitInterruptibly(long nanos) {
            await(nanos);
        }
    }

    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public Instant now() {
        return Instant.EPOCH;
    }

    @Override
    public long random(long bound) {
        return 0;
    }

    @Override
    public String nonce() {
        return "nonce";
    }

    @Override
    public void start(String name, Runnable body) {
        started.execute(body);
    }

    @Override
    public synchronized Signal newSignal() {
        Flag signal = new Flag();
        signals.add(signal);
        return signal;
    }

    /** All waits have taken as long as they were to take at most. */
    void letTheWaitsEnd() {
        List<Flag> all;
        synchronized (this) {
            all = new ArrayList<>(signals);
        }
        all.forEach(Flag::raise);
    }

    /** A replica in these surroundings. */
    EngineConfig config(StateStore store, Lock lock, Executor executor, Migration... migrations) {
        Duration hour = Duration.ofHours(1);
        return new EngineConfig(
                catalogOf(migrations),
                store,
                lock,
                knowledgeBoxes,
                services,
                listeners,
                this,
                executor,
                new Identity("replica", "host", "build"),
                0,
                kbConcurrency,
                storeConcurrency,
                new Timings(TTL, ACTIVE_LOOK, hour, hour, new Backoff(backoff, backoff), attemptTimeout, hour));
    }

    /** What a look shows of a fleet with one version, taken now. */
    View view(
            long revision, long current, List<Long> floors, List<KbRecordCount> attempts, List<ReplicaState> replicas) {
        GlobalState state = new GlobalState(
                revision,
                0,
                current,
                1,
                1,
                Long.MAX_VALUE,
                0,
                List.of(new MigrationInfo(1, "only", true, false)),
                Json.object());
        return new View(
                new Snapshot(STORE_MICROS, List.of(), floors, attempts, replicas),
                nanoTime(),
                state,
                new Knowledge(1, 0, List.of(), List.of(), Optional.empty()),
                Json.object(),
                false,
                1,
                Map.of());
    }

    /** What a look shows of a fleet whose KBs are all where the fleet is, so long after {@link #STORE_MICROS}. */
    static View lookAt(
            GlobalState state,
            Catalog catalog,
            Duration later,
            List<KbRecordCount> attempts,
            List<ReplicaState> replicas) {
        Snapshot snapshot = new Snapshot(
                STORE_MICROS + TimeUnit.NANOSECONDS.toMicros(later.toNanos()),
                List.of(new Document(GlobalState.DOCUMENT, 1, state.toJson())),
                Collections.nCopies(Partitions.COUNT, state.current()),
                attempts,
                replicas);
        return View.of(snapshot, 0, catalog, 0);
    }

    /** A replica that was last seen so long before {@link #STORE_MICROS}. */
    static ReplicaState replica(long newestVersion, Duration ago) {
        long lastSeen = STORE_MICROS - TimeUnit.NANOSECONDS.toMicros(ago.toNanos());
        return new ReplicaState("replica-" + newestVersion, "host", "build", newestVersion, true, 0, lastSeen);
    }

    /** A build that knows KB migrations of these versions. */
    static Catalog catalog(long... versions) {
        return catalogOf(Arrays.stream(versions)
                .mapToObj(version -> KbMigration.of(version, "migration", (context, kbId) -> {}))
                .toArray(Migration[]::new));
    }

    /** A build that knows these migrations. */
    static Catalog catalogOf(Migration... migrations) {
        List<String> problems = new ArrayList<>();
        Catalog catalog = Catalog.of(List.of(migrations), false, problems);
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(problems.toString());
        }
        return catalog;
    }

    /** Floors of which the first so many are below version 1, and the others there. */
    static List<Long> floors(int below) {
        List<Long> floors = new ArrayList<>(Collections.nCopies(Partitions.COUNT, 1L));
        Collections.fill(floors.subList(0, below), 0L);
        return floors;
    }

    /** A partition that is held for a ttl. */
    static Held held(Runnable onLost) {
        Lease lease = MemoryLock.create(() -> 0).tryAcquire("partition", TTL).orElseThrow();
        return new Held(lease, new Epoch(0, 1), TTL.toNanos(), onLost);
    }

    static StateStore emptyStore() {
        return new MemoryStateStore(() -> 0);
    }
}
