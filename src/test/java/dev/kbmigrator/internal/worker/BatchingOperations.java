package dev.kbmigrator.internal.worker;

import static com.google.common.base.Preconditions.checkState;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.OnePartition;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.support.Troubles;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * A worker on the way around its loop, and threads of the executor that finish KBs for it. Whatever the order, in the end the
 * worker has written every completion, no KB has run twice, and the partition is given back.
 */
public class BatchingOperations {

    private static final List<String> KBS = OnePartition.kbs(3);

    private final AtomicInteger runs = new AtomicInteger();
    private final FrozenEnvironment environment = new FrozenEnvironment();
    private final FrozenEnvironment.Tasks executor = new FrozenEnvironment.Tasks();
    private final FrozenEnvironment.Tasks workers = new FrozenEnvironment.Tasks();
    private final StateStore store = FrozenEnvironment.emptyStore();
    private final Lock lock = MemoryLock.create(() -> 0);
    private final PartitionQueue queue;
    private final FrozenEnvironment.Flag news = new FrozenEnvironment.Flag();

    public BatchingOperations() {
        KbMigration migration = KbMigration.of(1, "count", (context, kbId) -> runs.incrementAndGet());
        EngineConfig config = environment.config(store, lock, executor, migration);
        OnePartition.enroll(KBS, config);
        queue = new PartitionQueue(config.concurrency(), config.timings(), environment, environment.newSignal());
        FleetObserver observer = new FleetObserver(store, config.build(), config.timings(), environment);
        observer.look();
        queue.update(OnePartition.look(config, true));
        // To be woken when the queue is empty, too, would make up for being woken too seldom
        ExecutionPool pool = new ExecutionPool(executor, config.concurrency().kbs(), environment, () -> {});
        LeaseKeeper keeper = new LeaseKeeper(config.storage(), FrozenEnvironment.TTL, environment, () -> false);
        HostKbs host = new HostKbs(config.host().knowledgeBoxes(), "replica");
        Worker worker = new Worker(
                config, new ReplicaServices(observer, pool, keeper, new Troubles(environment)), queue, host, news);
        workers.execute(worker);
        news.raise();
        theWorkerGoesOn();
    }

    /** It goes on only if it was woken: it looks into its inbox whenever it goes on. */
    @Operation(nonParallelGroup = "worker")
    public void theWorkerGoesOn() {
        if (!news.lower()) {
            return;
        }
        workers.runOne();
        if (workers.size() > 0) {
            // It has left the queue because it was interrupted where it waits; it has not ended
            queue.workerStarted(news);
        }
    }

    @Operation
    public void anExecutorsThreadGoesOn() {
        executor.runOne();
    }

    @Validate
    public void everyCompletionIsWritten() {
        boolean moved = true;
        while (moved) {
            int before = executor.size();
            executor.runOne();
            theWorkerGoesOn();
            moved = before > 0 || executor.size() > 0;
        }
        Map<String, KbState> stored = store.find(KBS);
        for (String kb : KBS) {
            KbState state = stored.get(kb);
            checkState(state != null && state.version() == 1, "is not at version 1: " + state);
        }
        checkState(runs.get() == KBS.size(), "ran " + runs + " times");
        checkState(workers.size() == 0, "the worker still waits");
        checkState(
                lock.tryAcquire(HeldScope.lockName(OnePartition.NUMBER), FrozenEnvironment.TTL)
                        .isPresent(),
                "the partition is still held");
    }
}
