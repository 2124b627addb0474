package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ExecutionThread;
import dev.kbmigrator.internal.fixture.InstantStore;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.SystemEnvironment;
import dev.kbmigrator.internal.worker.KbExecution;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.internal.worker.Worker;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What the engine itself costs a KB, without a database: time and bytes, each of these for one KB. Run by
 * {@link EngineCostsBenchmark}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EngineCosts {

    private static final int BATCH = 256;
    private static final int FLEET = 100_000;
    private static final Migration NO_OP = KbMigration.of(1, "no_op", (context, kbId) -> {});
    private static final KnowledgeBoxes NO_LIST = Stream::empty;

    private final List<KbState> kbs = new ArrayList<>();
    private final MigrationInfo info = MigrationInfo.of(NO_OP);
    private final MigrationCatalog catalog = MigrationCatalog.of(List.of(NO_OP), false, new ArrayList<>());
    private final InstantStore store = new InstantStore(InstantStore.fleet(0));
    private final EngineConfig config = config(catalog, store);
    private final ExecutionThread slot = new ExecutionThread(config.environment());
    private final PartitionQueue board =
            new PartitionQueue(config, config.environment().newSignal());
    private final ExecutionPool slots = new ExecutionPool(config, board::wakeWorkers);
    private final LeaseKeeper keeper = new LeaseKeeper(config, slots);
    private final HeldScope held = new HeldScope(
            MemoryLock.create().tryAcquire("partition-000", Duration.ofDays(1)).orElseThrow(),
            new Epoch(0, 1),
            Long.MAX_VALUE / 2,
            () -> {});

    private static EngineConfig config(MigrationCatalog catalog, InstantStore store) {
        return new EngineConfig(
                catalog,
                store,
                MemoryLock.create(),
                NO_LIST,
                new Services(Map.of()),
                List.of(),
                new SystemEnvironment(),
                Runnable::run,
                new EngineConfig.Identity("replica", "host", "build"),
                0,
                5,
                4,
                new EngineConfig.Timings(
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(15),
                        Duration.ofMinutes(5),
                        new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5)),
                        null,
                        Duration.ofMinutes(15)));
    }

    /** A view without anything to take, so that a worker ends when it has written what was finished. */
    @Setup
    public void look() {
        InstantStore.ids(BATCH).forEach(id -> kbs.add(new KbState(id, 0, null)));
        Heartbeat self = new Heartbeat("replica", "host", "build", 1, true, DueFilter.BY_THE_CLOCK, false);
        board.update(FleetView.of(store.look(self), System.nanoTime(), catalog, 0));
    }

    /** Which partition a KB is in. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void partition(Blackhole hole) {
        for (KbState kb : kbs) {
            hole.consume(Partitions.of(kb.kbId()));
        }
    }

    /** The context that a migration is given. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void context(Blackhole hole) {
        Worker worker = new Worker(config, board, slots, keeper);
        for (KbState kb : kbs) {
            hole.consume(new KbExecution(config, worker, held, kb, info, NO_OP));
        }
    }

    /** From the context over the run to the batch, and back from the store: all but pages, queue and threads. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void batch() {
        Worker worker = new Worker(config, board, slots, keeper);
        for (KbState kb : kbs) {
            new KbExecution(config, worker, held, kb, info, NO_OP).run(slot, () -> false);
        }
        worker.run();
    }

    /** A fleet that is behind, made anew for each run. */
    @State(Scope.Thread)
    public static class Fleet {

        private final List<List<KbState>> kbs = InstantStore.fleet(FLEET);
        private InstantStore store = new InstantStore(kbs);

        /** As it was. */
        @Setup(Level.Invocation)
        public void renew() {
            store = new InstantStore(kbs);
        }
    }

    /** A whole run of a replica, with its threads. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 10)
    @Measurement(iterations = 10)
    @OperationsPerInvocation(FLEET)
    public long run(Fleet fleet) {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(NO_OP))
                .storage(fleet.store, MemoryLock.create())
                .knowledgeBoxes(NO_LIST)
                .build()) {
            return migrator.run().kbMigrations();
        }
    }
}
