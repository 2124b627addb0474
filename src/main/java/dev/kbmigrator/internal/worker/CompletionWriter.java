package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.Execution.Cancelled;
import dev.kbmigrator.internal.execution.Execution.Done;
import dev.kbmigrator.internal.execution.Execution.Failed;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes durable what a worker's executions have brought about. It writes a batch when it is full, when its oldest entry has waited for
 * 50 ms, or when nothing else runs that could join it. KBs that failed go in batches of their own, because with them in it a batch costs
 * the store several times as much; those batches wait for the last page, or for a second, because failures are few, and a page costs
 * more once its partitions have some.
 *
 * <p>A write whose response was lost is simply made again: it is a compare-and-set, so the result tells whether the first one took
 * effect. Belongs to the worker's thread.
 */
final class CompletionWriter {

    private static final Logger LOG = LoggerFactory.getLogger(CompletionWriter.class);
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long FAILED_LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final StateStore store;
    private final Environment environment;
    private final Backoff backoff;
    private final PartitionQueue queue;
    private final Callbacks callbacks;

    private final Batch advanced = new Batch(LINGER_NANOS);
    private final Batch failed = new Batch(FAILED_LINGER_NANOS);
    private final List<KbExecution> gone = new ArrayList<>();
    private boolean mustWait;

    /** Whom the writer tells what has become durable. */
    interface Callbacks {

        /** A KB has reached a version, and that is on record. */
        void advanced(KbExecution execution, long version);

        /** A KB has failed, and that is on record. */
        void failed(KbExecution execution, Throwable error, Duration retryAfter);

        /** The store has refused a write, because another replica has taken the partition over. */
        void takenOver(HeldPartition partition);
    }

    private record Entry(
            KbExecution execution, KbWrite write, @Nullable Throwable error) {}

    /** In the order in which they finished. Each entry is kept until its write is known to have happened, or never to happen. */
    private final class Batch {

        private final long lingerNanos;
        private final List<Entry> entries = new ArrayList<>();
        private long oldest;

        private Batch(long lingerNanos) {
            this.lingerNanos = lingerNanos;
        }

        private void add(Entry entry) {
            if (entries.isEmpty()) {
                oldest = environment.nanoTime();
            }
            entries.add(entry);
        }

        private long dueIn(long now) {
            return entries.isEmpty() ? Long.MAX_VALUE : Math.max(0, oldest + lingerNanos - now);
        }

        /** Forgets what belongs to a partition that was lost: the next holder does it again. */
        private void dropLost() {
            for (Iterator<Entry> each = entries.iterator(); each.hasNext(); ) {
                KbExecution execution = each.next().execution();
                if (execution.scope().isLost()) {
                    execution.partition().dropped(execution.kb());
                    each.remove();
                }
            }
        }

        private void writeIfDue(boolean nothingRuns) {
            // Each time: the write before may have taken longer than the leases last
            dropLost();
            while (isDue(nothingRuns)) {
                mustWait = !queue.beginWriting();
                if (mustWait) {
                    return;
                }
                try {
                    write(new ArrayList<>(entries.subList(0, Math.min(store.maxBatch(), entries.size()))));
                } finally {
                    queue.endWriting();
                }
                oldest = environment.nanoTime();
                dropLost();
            }
        }

        private boolean isDue(boolean nothingRuns) {
            return !entries.isEmpty()
                    && (nothingRuns || entries.size() >= store.maxBatch() || dueIn(environment.nanoTime()) == 0);
        }

        private void write(List<Entry> part) {
            Map<Integer, Epoch> epochs = new LinkedHashMap<>();
            List<KbWrite> writes = new ArrayList<>(part.size());
            HeldPartition before = null;
            for (Entry entry : part) {
                HeldPartition held = entry.execution().partition();
                if (held != before) {
                    epochs.put(held.partition(), held.scope().epoch());
                    before = held;
                }
                writes.add(entry.write());
            }
            WriteResult result = store.write(epochs.values(), writes);
            if (result.refused()) {
                for (Entry entry : part) {
                    HeldPartition held = entry.execution().partition();
                    if (result.staleScopes().contains(held.partition())) {
                        callbacks.takenOver(held);
                    }
                }
                return;
            }
            entries.subList(0, part.size()).clear();
            for (Entry entry : part) {
                settle(entry, result.exceptions().get(entry.execution().kb()));
            }
        }
    }

    CompletionWriter(
            StateStore store, Environment environment, Backoff backoff, PartitionQueue queue, Callbacks callbacks) {
        this.store = store;
        this.environment = environment;
        this.backoff = backoff;
        this.queue = queue;
        this.callbacks = callbacks;
    }

    /** Returns how many KBs are not durable yet. */
    int size() {
        return advanced.entries.size() + failed.entries.size() + gone.size();
    }

    /** Returns how many more KBs fill a batch. */
    int room() {
        return store.maxBatch() - advanced.entries.size();
    }

    /**
     * Returns how long until a batch has to be written, in nanoseconds: forever when there is none, or when this worker has to wait for
     * others that write, and is woken after that.
     */
    long dueIn(long now) {
        return mustWait ? Long.MAX_VALUE : Math.min(advanced.dueIn(now), failed.dueIn(now));
    }

    /** Takes an execution that has finished. */
    void add(KbExecution execution) {
        Execution.Outcome outcome = execution.outcome();
        if (outcome instanceof Cancelled) {
            execution.partition().dropped(execution.kb());
            return;
        }
        if (execution.isCommitted()) {
            callbacks.advanced(execution, execution.version());
            return;
        }
        if (outcome instanceof Done) {
            KbWrite write = new KbWrite.Advanced(execution.kb(), execution.fromVersion(), execution.version());
            advanced.add(new Entry(execution, write, null));
        } else if (outcome instanceof Failed failure) {
            fail(execution, failure.error());
        } else {
            gone.add(execution);
        }
    }

    private void fail(KbExecution execution, ErrorText error) {
        if (execution.cancellation() == Execution.Cancellation.TIMEOUT
                && !execution.scope().isLost()) {
            LOG.atWarn()
                    .addKeyValue("kb", ShortText.shown(execution.kb()))
                    .addKeyValue("version", execution.version())
                    .log("{}", error.error().getMessage());
        }
        Duration retryAfter = backoff.delay(execution.attempt(), environment);
        KbWrite write = new KbWrite.Failed(
                execution.kb(),
                execution.fromVersion(),
                execution.version(),
                execution.attempt(),
                error.text(),
                retryAfter);
        failed.add(new Entry(execution, write, error.error()));
        LOG.atDebug()
                .addKeyValue("kb", ShortText.shown(execution.kb()))
                .addKeyValue("version", execution.version())
                .setCause(error.error())
                .log("{} failed", execution);
    }

    /** Writes what is due: everything when nothing runs, but failures only when no page is to come either. */
    void writeIfDue(boolean nothingRuns, boolean pageToCome) {
        mustWait = false;
        removeGone();
        advanced.writeIfDue(nothingRuns);
        failed.writeIfDue(nothingRuns && !pageToCome);
    }

    private void removeGone() {
        if (gone.isEmpty()) {
            return;
        }
        store.remove(gone.stream().map(KbExecution::kb).toList());
        for (KbExecution execution : gone) {
            execution.partition().settled(execution.kb());
            execution.partition().progressed();
            LOG.atDebug()
                    .addKeyValue("kb", ShortText.shown(execution.kb()))
                    .log("Dropped KB {}, which was deleted while it was migrated", ShortText.shown(execution.kb()));
        }
        gone.clear();
    }

    private void settle(Entry entry, WriteResult.@Nullable NotDone notDone) {
        KbExecution execution = entry.execution();
        long reached = entry.write() instanceof KbWrite.Advanced advance ? advance.to() : execution.fromVersion();
        if (notDone == null) {
            if (entry.write() instanceof KbWrite.Failed failure) {
                // The failure is on record; the KB waits for its next attempt
                execution.partition().settled(execution.kb());
                execution.partition().progressed();
                tellFailed(entry, failure);
                return;
            }
        } else if (notDone instanceof WriteResult.Stale stale && stale.storedVersion() >= execution.version()) {
            // The response to an earlier write was lost, or the migration has committed the version itself
            reached = stale.storedVersion();
        } else {
            execution.partition().dropped(execution.kb());
            return;
        }
        callbacks.advanced(execution, reached);
    }

    private void tellFailed(Entry entry, KbWrite.Failed failure) {
        Throwable error = entry.error();
        Duration retryAfter = failure.retryAfter();
        if (error != null && retryAfter != null) {
            callbacks.failed(entry.execution(), error, retryAfter);
        }
    }
}
