package dev.kbmigrator.internal.worker;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.Concurrency;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.execution.CallingThread;
import dev.kbmigrator.internal.fixture.InstantStore;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ListenerNotifier;
import dev.kbmigrator.internal.support.SystemEnvironment;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The costs of a worker per KB, without a database: time and bytes. Run by {@code EngineCostsBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WorkerCosts {

    private static final int BATCH = 256;
    private static final Migration NO_OP = KbMigration.of(1, "no_op", (context, kbId) -> {});
    private static final MigrationCatalog.Entry ENTRY =
            new MigrationCatalog.Entry(MigrationInfo.of(NO_OP), NO_OP, Optional.empty());
    private static final Backoff BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5));
    private static final Timings TIMINGS = new Timings(
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofSeconds(15),
            Duration.ofMinutes(5),
            BACKOFF,
            Duration.ofMinutes(15));

    private final List<KbState> kbs = new ArrayList<>();
    private final InstantStore store = new InstantStore(InstantStore.fleet(0));
    private final Environment environment = new SystemEnvironment();
    private final Services services = new Services(Map.of());
    private final HostKbs host = new HostKbs(Stream::empty, "replica");
    private final ListenerNotifier listeners = new ListenerNotifier(List.of());
    private final CallingThread thread = new CallingThread(environment);
    private final PartitionQueue queue =
            new PartitionQueue(new Concurrency(5, 4), TIMINGS, environment, environment.newSignal());
    private final HeldPartition partition = new HeldPartition(new HeldScope(
            MemoryLock.create().tryAcquire("partition-000", Duration.ofDays(1)).orElseThrow(),
            new Epoch(0, 1),
            Long.MAX_VALUE / 2,
            lost -> {}));

    /** Does what a worker does with what its executions have brought about. */
    private final class Owner implements KbExecution.Owner, CompletionWriter.Callbacks {

        @Override
        public boolean isCheckpointToBlame(KbExecution execution) {
            return false;
        }

        private final Inbox inbox = new Inbox(environment.newSignal());
        private final CompletionWriter writer = new CompletionWriter(store, environment, BACKOFF, queue, this);
        private final KbExecution.Context executions =
                new KbExecution.Context(environment, services, store, host, this);

        private void settle() {
            int taken = 0;
            for (KbExecution execution = inbox.poll(); execution != null; execution = inbox.poll()) {
                writer.add(execution);
                taken++;
            }
            inbox.taken(taken);
            writer.writeIfDue(true, false);
        }

        @Override
        public void finished(KbExecution execution) {
            inbox.add(execution);
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
        public void advanced(KbExecution execution, long version) {
            queue.completed();
            listeners.tell(listener -> listener.kbMigrated(execution.kb(), version));
            execution.partition().progressed();
            execution.partition().dropped(execution.kb());
        }

        @Override
        public void failed(KbExecution execution, Throwable error, Duration retryAfter) {
            throw new AssertionError(error);
        }

        @Override
        public void takenOver(HeldPartition held) {
            throw new AssertionError("nobody else is at work");
        }
    }

    /** As a page lists them. */
    @Setup
    public void list() {
        InstantStore.ids(BATCH).forEach(id -> kbs.add(new KbState(id, 1, 0, null)));
    }

    /** The context that a migration is given. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void context(Blackhole hole) {
        Owner owner = new Owner();
        for (KbState kb : kbs) {
            hole.consume(new KbExecution(owner.executions, partition, kb, ENTRY));
        }
    }

    /** From the context, the run and the batch to the store and back: everything except pages, queues and threads. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void batch() {
        Owner owner = new Owner();
        for (KbState kb : kbs) {
            thread.run(new KbExecution(owner.executions, partition, kb, ENTRY));
        }
        owner.settle();
    }
}
