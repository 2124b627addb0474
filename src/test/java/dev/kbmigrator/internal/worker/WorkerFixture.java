package dev.kbmigrator.internal.worker;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ExecutionWatchdog;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a worker and its helpers need of a replica that has two migrations and runs one KB at a time. The test says when something runs.
 * It also owns the executions that a test makes itself. For use by one thread.
 */
final class WorkerFixture implements KbExecution.Owner {

    /** Whether it is the checkpoint that cannot be saved. */
    boolean checkpointIsToBlame;

    static final List<String> KBS = OnePartition.kbs(6);

    final ManualEnvironment environment = new ManualEnvironment();

    /** The host's executor. */
    final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();

    final ScriptedStore store = new ScriptedStore(environment);
    final Lock lock = MemoryLock.create(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));

    /** The parts that ran, such as "kb-17 to 2". */
    final List<String> ran = new ArrayList<>();

    /** The KBs that the host has deleted. */
    final Set<String> deleted = new HashSet<>();

    /** The executions that the test has made, once they have finished. */
    final List<KbExecution> finished = new ArrayList<>();

    /** The partitions that others have taken over, as far as the store told the test's own executions or the engine's parts. */
    final List<Integer> takenOver = new ArrayList<>();

    /** What the host's listener was told. */
    final List<String> told = new ArrayList<>();

    /** What each part does. */
    KbMigration.Part part = (context, kbId) -> {};

    final EngineConfig config;
    final FleetObserver observer;
    final PartitionQueue queue;
    final ExecutionPool pool;
    final LeaseKeeper keeper;
    final HostKbs host;

    WorkerFixture() {
        this(1, 1, 2);
    }

    /** A replica that runs so many KBs at a time, and whose build has the migrations of these versions. */
    WorkerFixture(int threads, long... versions) {
        environment.kbConcurrency = threads;
        environment.listeners = List.of(new MigratorListener() {

            @Override
            public void kbMigrated(String kbId, long version) {
                told.add(kbId + " to " + version);
            }

            @Override
            public void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {
                told.add(kbId + " failed at " + migration.version() + ": " + error.getMessage() + ", " + retryAfter);
            }
        });
        environment.knowledgeBoxes = new KnowledgeBoxes() {

            @Override
            public Stream<String> ids() {
                return Stream.empty();
            }

            @Override
            public Collection<String> existing(Collection<String> kbIds) {
                return deleted.isEmpty()
                        ? kbIds
                        : kbIds.stream().filter(kb -> !deleted.contains(kb)).toList();
            }
        };
        config = configOf(versions);
        observer = new FleetObserver(store, config.build(), config.timings(), environment);
        queue = new PartitionQueue(config.concurrency(), config.timings(), environment, environment.newSignal());
        observer.subscribe(queue::update);
        pool = new ExecutionPool(executor, threads, environment, queue::wakeWorkers);
        ExecutionWatchdog watchdog = new ExecutionWatchdog(pool, FrozenEnvironment.TTL, environment);
        keeper = new LeaseKeeper(config.storage(), FrozenEnvironment.TTL, environment, watchdog::check);
        host = new HostKbs(config.host().knowledgeBoxes(), "replica");
    }

    /** A build with the migrations of these versions. */
    EngineConfig configOf(long... versions) {
        return environment.config(
                store,
                lock,
                executor,
                Arrays.stream(versions).mapToObj(this::migration).toArray(KbMigration[]::new));
    }

    private KbMigration migration(long version) {
        return KbMigration.of(version, "migration", (context, kbId) -> {
            ran.add(kbId + " to " + version);
            part.migrateKb(context, kbId);
        });
    }

    ReplicaServices services() {
        return new ReplicaServices(observer, pool, keeper, new Troubles(environment));
    }

    /** Enrols the first so many KBs, and makes the newest version the target. */
    void enroll(int kbs) {
        OnePartition.enroll(KBS.subList(0, kbs), config);
    }

    /** Looks at the shared state, as the replica's loop would. */
    void look() {
        observer.look();
    }

    /** The scan of a worker that has just taken these partitions, and has no page to fetch. */
    PartitionScan scan(Set<Integer> partitions) {
        if (observer.viewOrNull() == null) {
            look();
        }
        Map<Integer, HeldPartition> held = leases().acquire(partitions, pool::cancelUnder);
        PartitionScan scan = new PartitionScan(held, observer.view(), page(partitions), environment.nanoTime());
        scan.next = null;
        return scan;
    }

    /** What asks for a page of these partitions. */
    PageQuery page(Set<Integer> partitions) {
        return new PageQuery(partitions, Selection.DUE, 2, observer.due(partitions), null, store.maxBatch());
    }

    PartitionLeases leases() {
        return new PartitionLeases(store, environment, observer, queue, keeper);
    }

    /** The partition of {@link #KBS}, just taken. */
    HeldPartition held() {
        return held(scan(Set.of(OnePartition.NUMBER)), OnePartition.NUMBER);
    }

    static HeldPartition held(PartitionScan scan, int partition) {
        return Objects.requireNonNull(scan.held.get(partition));
    }

    /** An execution of a KB that is under way, from what the store has to the next version. */
    KbExecution begin(HeldPartition held, String kb) {
        KbState state = Objects.requireNonNull(stored(kb));
        return begin(held, state, state.version() + 1);
    }

    KbExecution begin(HeldPartition held, KbState kb, long version) {
        held.begin(kb.kbId());
        KbExecution.Context context =
                new KbExecution.Context(environment, config.host().services(), store, host, this);
        return new KbExecution(
                context,
                held,
                kb,
                Objects.requireNonNull(config.build().catalog().get(version)));
    }

    /** Runs executions, one after the other, until all have finished. */
    void run(KbExecution... executions) {
        pool.offer(List.of(executions));
        boolean more = true;
        while (more) {
            more = executor.runOne();
        }
    }

    @Nullable
    KbState stored(String kb) {
        return store.stored(kb);
    }

    /** A state of a KB as it is enrolled, or as it would be if it was enrolled first. */
    KbState at(String kb, long version) {
        return new KbState(kb, incarnation(kb), version, null);
    }

    KbWrite advanced(String kb, long from, long to) {
        return new KbWrite.Advanced(kb, incarnation(kb), from, to);
    }

    KbWrite checkpointed(String kb, long from, long version, String checkpoint) {
        return new KbWrite.Checkpointed(kb, incarnation(kb), from, version, checkpoint);
    }

    /** A failure whose next attempt is due after that time. */
    KbWrite failed(String kb, long from, Duration retryAfter) {
        return new KbWrite.Failed(kb, incarnation(kb), from, from + 1, 1, "earlier", retryAfter);
    }

    private long incarnation(String kb) {
        KbState state = stored(kb);
        return state == null ? 1 : state.incarnation();
    }

    long version(int kb) {
        return state(kb).version();
    }

    KbState state(int kb) {
        return Objects.requireNonNull(stored(KBS.get(kb)));
    }

    /** Whether another could hold a partition; it does from then on. */
    boolean isFree(int partition) {
        return lock.tryAcquire(HeldScope.lockName(partition), FrozenEnvironment.TTL)
                .isPresent();
    }

    /** Requests a KB, or that it skips a version unless that is 0; returns the document's name. */
    String request(int kb, long skip) {
        String name = KbRequest.documentOf(KBS.get(kb));
        store.compareAndSet(name, 0, KbRequest.toJson(KBS.get(kb), skip, "broken", "someone"), null);
        return name;
    }

    @Override
    public void finished(KbExecution execution) {
        finished.add(execution);
    }

    @Override
    public boolean mayForget() {
        return true;
    }

    @Override
    public ErrorText textOf(Throwable error) {
        return ErrorText.of(error);
    }

    @Override
    public boolean isCheckpointToBlame(KbExecution execution) {
        return checkpointIsToBlame;
    }

    @Override
    public void takenOver(HeldPartition partition) {
        takenOver.add(partition.partition());
        keeper.lose(partition.scope(), "another replica took it over");
    }
}
