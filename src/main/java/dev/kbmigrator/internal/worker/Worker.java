package dev.kbmigrator.internal.worker;

import com.google.common.collect.Lists;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.execution.ExecutionPool;
import dev.kbmigrator.internal.execution.ReplicaServices;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ListenerNotifier;
import dev.kbmigrator.internal.support.StepRetry;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Page;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.PageQuery.Selection;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that brings up the KBs of the partitions that it takes. Again and again:
 *
 * <ol>
 *   <li>It takes finished executions from its inbox, and has them written in batches, under the epochs ({@link CompletionWriter}).
 *   <li>It gives back partitions in which nothing is queued, running or unwritten any more ({@link PartitionLeases}).
 *   <li>When the pool's queue runs low it fetches the next page of the partitions that it has, or takes others: the locks first, then
 *       new epochs, then the first page, so that what it reads can no longer be changed by an earlier holder.
 *   <li>It waits until something has finished, a batch is due, or a new view comes.
 * </ol>
 *
 * <p>It ends when there is nothing left to take, or others are enough. An error of the store or the lock ends nothing: the step is
 * retried after a while, as long as the leases last.
 */
public final class Worker implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final long LEARN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final StateStore store;
    private final Environment environment;
    private final MigrationCatalog catalog;
    private final ListenerNotifier listeners;
    private final long longestWait;
    private final FleetObserver observer;
    private final ExecutionPool pool;
    private final ReplicaServices replica;
    private final PartitionQueue queue;
    private final HostKbs host;
    private final Environment.Signal signal;
    private final Inbox inbox;
    private final CompletionWriter writer;
    private final RequestServer requests;
    private final PartitionLeases leases;
    private final KbExecution.Context executions;
    private final StepRetry retry;
    private final List<PartitionScan> scans = new ArrayList<>();

    /** The next executions of KBs whose version has just become durable. */
    private final List<KbExecution> followUps = new ArrayList<>();

    private volatile @Nullable ErrorText lastError;
    private long seen;
    private @Nullable UnexplainedRowException unexplained;

    /** Since when it counts what has finished, in monotonic time; how many KBs that were, and for how long they ran. */
    private long countedFrom;

    private long counted;
    private long ran;

    /**
     * Prepares a worker.
     *
     * @param signal wakes it; the queue knows the worker by this signal
     */
    public Worker(
            EngineConfig config,
            ReplicaServices replica,
            PartitionQueue queue,
            HostKbs host,
            Environment.Signal signal) {
        this.store = config.store();
        this.environment = config.environment();
        this.catalog = config.build().catalog();
        this.listeners = config.host().listeners();
        this.longestWait = config.timings().activeLook().toNanos();
        this.observer = replica.observer();
        this.pool = replica.pool();
        this.replica = replica;
        this.queue = queue;
        this.host = host;
        this.signal = signal;
        this.inbox = new Inbox(signal);
        Callbacks callbacks = new Callbacks();
        this.writer = new CompletionWriter(store, environment, config.timings().backoff(), queue, callbacks);
        this.requests = new RequestServer(store, environment, observer, callbacks);
        this.leases = new PartitionLeases(store, environment, observer, queue, replica.leases());
        this.executions = new KbExecution.Context(environment, config.host().services(), store, host, callbacks);
        this.retry = new StepRetry(environment, replica.troubles(), "work on partitions");
        this.seen = observer.view().takenAt();
    }

    /** What the worker's helpers call: the first three from any thread, the others from the worker's own. */
    private final class Callbacks implements KbExecution.Owner, CompletionWriter.Callbacks, RequestServer.Callbacks {

        @Override
        public void finished(KbExecution execution) {
            inbox.add(execution);
        }

        @Override
        public boolean mayForget() {
            return observer.view().comparison().agrees();
        }

        @Override
        public ErrorText textOf(Throwable error) {
            ErrorText text = ErrorText.of(error, lastError);
            lastError = text;
            return text;
        }

        @Override
        public boolean isCheckpointToBlame(KbExecution execution) {
            return queue.unrecorded().isCheckpointToBlame(execution.kb(), queue.completedCount());
        }

        @Override
        public void takenOver(HeldPartition partition) {
            if (replica.leases()
                    .lose(partition.scope(), "another replica took over partition " + partition.partition())) {
                LOG.atInfo()
                        .addKeyValue("partition", partition.partition())
                        .addKeyValue("epoch", partition.scope().epoch().number())
                        .log("Partition {} was taken over by another replica", partition.partition());
            }
        }

        @Override
        public void advanced(KbExecution execution, long version) {
            queue.completed();
            listeners.tell(listener -> listener.kbMigrated(execution.kb(), version));
            goOn(execution, version);
        }

        @Override
        public void failed(KbExecution execution, Throwable error, Duration retryAfter) {
            listeners.tell(listener -> listener.kbFailed(execution.kb(), execution.info(), error, retryAfter));
        }

        @Override
        public void queue(PartitionScan scan, Collection<KbState> kbs) {
            queueKbs(scan, kbs);
        }
    }

    @Override
    public void run() {
        try {
            while (true) {
                retry.run(this::step);
                if (retry.failures() > 0) {
                    // The time until the next attempt tells nothing about how fast KBs go
                    countFrom(environment.nanoTime());
                }
                if (scans.isEmpty() && (queue.isStopping() || !queue.hasAvailable() || !queue.isWanted(signal))) {
                    break;
                }
                if (queue.isStopping() && retry.failures() > 0) {
                    finishWrites();
                }
                if (!scans.isEmpty() || !queue.isStopping()) {
                    awaitNews();
                }
            }
        } finally {
            queue.workerEnded(signal);
        }
    }

    /**
     * The replica closes although its writes fail. Once nothing else is left, each write is made again, and then once more, without the
     * usual pauses. What the store refuses even then is left to the next holder.
     */
    private void finishWrites() {
        takeFinished();
        if (inFlight() > writer.size()) {
            return;
        }
        do {
            retry.runNow(this::step);
            if (retry.failures() > 0) {
                retry.runNow(this::step);
            }
        } while (retry.failures() > 0 && writer.dropNext());
        if (retry.failures() > 0) {
            retry.runNow(this::leave);
        }
    }

    private void step() {
        unexplained = null;
        try {
            settleAndFetch();
        } finally {
            writer.letSuspectsRest(false);
        }
        if (unexplained != null) {
            throw unexplained;
        }
    }

    private void settleAndFetch() {
        settle();
        if (queue.isHalted() || pool.isExhausted()) {
            leave();
            return;
        }
        while (pool.backlog() < pool.size() && !pool.isExhausted() && inFlight() < 2 * store.maxBatch()) {
            settle();
            if (!fetch() && !acquireMore()) {
                break;
            }
        }
    }

    /** Nothing more is started here: what is not under way is left to others. */
    private void leave() {
        scans.forEach(scan -> scan.next = null);
        leases.giveBack(scans);
    }

    /** Takes over what has finished, makes it durable, and gives back what is quiet. */
    private void settle() {
        takeFinished();
        try {
            writer.writeIfDue(inFlight() == writer.size(), !queue.isHalted() && isPageToCome());
        } catch (UnexplainedRowException e) {
            // Until the next step; the neighbours of these rows must not wait for that
            unexplained = e;
            writer.letSuspectsRest(true);
        } finally {
            List<KbExecution> next = new ArrayList<>(followUps);
            followUps.clear();
            pool.offer(next);
        }
        try {
            requests.deleteAnswered(scans);
        } finally {
            leases.giveBack(scans);
        }
        learnRate();
    }

    private void takeFinished() {
        int taken = 0;
        for (KbExecution execution = inbox.poll(); execution != null; execution = inbox.poll()) {
            writer.add(execution);
            taken++;
            ran += execution.ranFor();
        }
        inbox.taken(taken);
        counted += taken;
    }

    private void learnRate() {
        long now = environment.nanoTime();
        if (counted > 0 && now - countedFrom >= LEARN_NANOS) {
            queue.learnRate(counted, now - countedFrom, ran);
            countFrom(now);
        }
    }

    private void countFrom(long now) {
        countedFrom = now;
        counted = 0;
        ran = 0;
    }

    private boolean isPageToCome() {
        return scans.stream().anyMatch(scan -> scan.next != null);
    }

    private int inFlight() {
        int sum = 0;
        for (PartitionScan scan : scans) {
            for (HeldPartition held : scan.held.values()) {
                sum += held.inFlight();
            }
        }
        return sum;
    }

    /** A KB's version is durable: goes on with its next one, if there is one. */
    private void goOn(KbExecution execution, long version) {
        HeldPartition held = execution.partition();
        held.progressed();
        retry.progressed();
        PartitionScan scan = scanOf(held);
        if (scan == null || held.scope().isLost() || queue.isHalted()) {
            held.dropped(execution.kb());
            return;
        }
        KbState reached = new KbState(execution.kb(), execution.incarnation(), version, null);
        KbExecution next = executionOf(scan, held, reached);
        if (next == null) {
            held.settled(execution.kb());
        } else {
            followUps.add(next);
        }
    }

    private @Nullable PartitionScan scanOf(HeldPartition held) {
        for (PartitionScan scan : scans) {
            if (scan.held.get(held.partition()) == held) {
                return scan;
            }
        }
        return null;
    }

    /** Fetches the next page of a scan that has one; returns whether there was one. */
    private boolean fetch() {
        for (PartitionScan scan : scans) {
            PageQuery query = scan.next;
            if (query != null) {
                Page page = store.page(query);
                scan.next = page.next() == null ? null : query.from(page.next());
                scan.pagedAt = environment.nanoTime();
                queueKbs(scan, page.kbs());
                return true;
            }
        }
        return refetch();
    }

    /** A partition that a slow KB holds up may have other due KBs by now: scans it again with each new view. */
    private boolean refetch() {
        FleetView view = observer.view();
        if (view.takenAt() == seen) {
            return false;
        }
        seen = view.takenAt();
        Set<Integer> due = view.duePartitions();
        for (PartitionScan scan : scans) {
            Set<Integer> again = new TreeSet<>(due);
            again.retainAll(scan.held.keySet());
            if (!again.isEmpty() && view.takenAt() - scan.pagedAt > 0) {
                requests.serve(scan, view, again);
                scan.next = firstPage(again, scan.goal);
            }
        }
        return isPageToCome();
    }

    private PageQuery firstPage(Set<Integer> partitions, long goal) {
        return new PageQuery(partitions, Selection.DUE, goal, observer.due(partitions), null, store.maxBatch());
    }

    private void queueKbs(PartitionScan scan, Collection<KbState> kbs) {
        List<KbExecution> candidates = candidates(scan, kbs);
        Set<String> missing = host.missing(Lists.transform(candidates, KbExecution::kb));
        List<KbExecution> begun = begin(scan, candidates, missing);
        if (scan.kbs == 0 && !begun.isEmpty()) {
            // A first idea, from the first page; the whole scan will tell exactly
            queue.learnDensity(scan.found.cardinality(), begun.size());
        }
        scan.kbs += begun.size();
        if (inFlight() == begun.size()) {
            countFrom(environment.nanoTime());
        }
        pool.offer(begun);
    }

    /** Returns the next executions of the KBs of a page that are held and not under way. */
    private List<KbExecution> candidates(PartitionScan scan, Collection<KbState> kbs) {
        List<KbExecution> candidates = new ArrayList<>(kbs.size());
        HeldPartition held = null;
        int before = -1;
        for (KbState kb : kbs) {
            int partition = Partitions.of(kb.kbId());
            if (partition != before) {
                held = scan.held.get(partition);
                before = partition;
            }
            if (held != null && !held.scope().isLost() && held.scope().mayBeReleased() && !held.isInFlight(kb.kbId())) {
                KbExecution execution = queue.unrecorded().isHeld(kb.kbId()) ? null : executionOf(scan, held, kb);
                if (execution != null) {
                    candidates.add(execution);
                } else if (kb.version() < scan.goal) {
                    held.skip();
                }
            }
        }
        return candidates;
    }

    /** From here on they are under way, except those that the host does not have: these are left alone. */
    private static List<KbExecution> begin(PartitionScan scan, List<KbExecution> candidates, Set<String> missing) {
        List<KbExecution> begun = new ArrayList<>(candidates.size());
        for (KbExecution execution : candidates) {
            HeldPartition held = execution.partition();
            if (missing.contains(execution.kb())) {
                held.skip();
            } else if (held.begin(execution.kb())) {
                scan.found.set(held.partition());
                begun.add(execution);
            }
        }
        return begun;
    }

    private @Nullable KbExecution executionOf(PartitionScan scan, HeldPartition held, KbState kb) {
        MigrationCatalog.Entry migration = scan.nextMigration(kb.version(), catalog);
        if (migration == null || kb.version() < observer.view().comparison().above()) {
            return null;
        }
        return new KbExecution(executions, held, kb, migration);
    }

    /** Acquires more partitions; returns whether there were any to try. */
    private boolean acquireMore() {
        Set<Integer> wanted = queue.isWanted(signal) ? queue.take() : Set.of();
        if (wanted.isEmpty()) {
            return false;
        }
        Map<Integer, HeldPartition> held = leases.acquire(wanted, this::lost);
        if (!held.isEmpty()) {
            FleetView view = observer.view();
            PageQuery first = firstPage(held.keySet(), view.goal());
            PartitionScan scan = new PartitionScan(held, view, first, environment.nanoTime());
            scans.add(scan);
            requests.serve(scan, view, held.keySet());
            fetch();
        }
        return true;
    }

    /** Called by the thread that notices the loss. */
    private void lost(HeldScope scope) {
        pool.cancelUnder(scope);
        signal.raise();
    }

    /** The first execution to finish starts the clock of the batch; after that, only a full batch, or the last execution, is news. */
    private void awaitNews() {
        int running = inFlight() - writer.size();
        int worthWaking = writer.size() == 0 ? 1 : Math.max(1, Math.min(writer.room(), running));
        boolean enough = inbox.wakeAt(worthWaking);
        // While a step has to wait because the one before failed, what is in the inbox stays there, unless the replica
        // closes
        if (!enough || (retry.failures() > 0 && !queue.isStopping())) {
            signal.await(waitNanos());
        }
    }

    private long waitNanos() {
        long wait = Math.min(longestWait, writer.dueIn(environment.nanoTime()));
        return Math.max(1, retry.waitNanos(wait));
    }
}
