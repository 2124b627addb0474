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
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * effect. A KB that was removed and enrolled again meanwhile is another one, and gets nothing of what was done for the first. Belongs to
 * the worker's thread.
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

    private final RowBatch advanced;
    private final RowBatch failed;
    private final List<KbExecution> gone = new ArrayList<>();
    private boolean mustWait;

    /** How many writes have succeeded, and a KB whose version was written by the last one. */
    private long written;

    private @Nullable KbExecution witness;

    /** Whom the writer tells what has become durable. */
    interface Callbacks {

        /** A KB has reached a version, and that is on record. */
        void advanced(KbExecution execution, long version);

        /** A KB has failed, and that is on record. */
        void failed(KbExecution execution, Throwable error, Duration retryAfter);

        /** The store has refused a write, because another replica has taken the partition over. */
        void takenOver(HeldPartition partition);
    }

    /** How the rows of one kind are written. */
    private final class Target implements RowBatch.Target {

        @Override
        public int maxBatch() {
            return store.maxBatch();
        }

        @Override
        public boolean write(List<CompletedRow> rows) {
            Map<Integer, Epoch> epochs = new LinkedHashMap<>();
            List<KbWrite> writes = new ArrayList<>(rows.size());
            HeldPartition before = null;
            for (CompletedRow row : rows) {
                HeldPartition held = row.execution().partition();
                if (held != before) {
                    epochs.put(held.partition(), held.scope().epoch());
                    before = held;
                }
                writes.add(row.write());
            }
            WriteResult result = store.write(epochs.values(), writes);
            Set<Integer> stale = result.staleScopes();
            if (result.refused()) {
                takeOver(rows, stale);
                return false;
            }
            written++;
            if (rows.get(0).write() instanceof KbWrite.Advanced && stale.isEmpty()) {
                witness = rows.get(0).execution();
            }
            for (CompletedRow row : rows) {
                KbExecution execution = row.execution();
                HeldPartition held = execution.partition();
                if (stale.contains(held.partition())) {
                    callbacks.takenOver(held);
                    held.dropped(execution.kb());
                } else {
                    settle(row, result.exceptions().get(execution.kb()));
                }
            }
            return true;
        }

        /** The rows of the other partitions are written again. */
        private void takeOver(List<CompletedRow> rows, Set<Integer> stale) {
            boolean some = false;
            for (CompletedRow row : rows) {
                HeldPartition held = row.execution().partition();
                if (stale.contains(held.partition())) {
                    callbacks.takenOver(held);
                    some = true;
                }
            }
            if (!some) {
                throw new StateStoreException(
                        "the store refused a batch without naming a scope of the batch as stale: " + stale);
            }
        }

        @Override
        public void writeWitness() {
            KbExecution last = witness;
            if (last == null || last.scope().isLost()) {
                return;
            }
            KbWrite without = new KbWrite.Advanced(last.kb(), last.incarnation(), Long.MAX_VALUE - 1, Long.MAX_VALUE);
            try {
                if (store.write(List.of(last.scope().epoch()), List.of(without))
                        .staleScopes()
                        .isEmpty()) {
                    written++;
                }
            } catch (RuntimeException e) {
                LOG.atDebug().setCause(e).log("The store does not even accept a write that changes nothing");
            }
        }

        @Override
        public long written() {
            return written;
        }

        @Override
        public void rejected(CompletedRow row, RuntimeException error) {
            CompletionWriter.this.rejected(row, error);
        }
    }

    CompletionWriter(
            StateStore store, Environment environment, Backoff backoff, PartitionQueue queue, Callbacks callbacks) {
        this.store = store;
        this.environment = environment;
        this.backoff = backoff;
        this.queue = queue;
        this.callbacks = callbacks;
        Target target = new Target();
        this.advanced = new RowBatch(environment, LINGER_NANOS, target);
        this.failed = new RowBatch(environment, FAILED_LINGER_NANOS, target);
    }

    /** Returns how many KBs are not durable yet. */
    int size() {
        return advanced.size() + failed.size() + gone.size();
    }

    /** Returns how many more KBs fill a batch. */
    int room() {
        return store.maxBatch() - advanced.fresh();
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
            KbWrite write = new KbWrite.Advanced(
                    execution.kb(), execution.incarnation(), execution.fromVersion(), execution.version());
            add(advanced, new CompletedRow(execution, write, null));
        } else if (outcome instanceof Failed failure) {
            fail(execution, failure.error());
        } else {
            gone.add(execution);
        }
    }

    private void add(RowBatch batch, CompletedRow row) {
        KbExecution execution = row.execution();
        if (queue.unrecorded().isKnown(execution.kb()) || execution.wasNotAccepted()) {
            batch.addSuspect(row);
        } else {
            batch.add(row);
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
                execution.incarnation(),
                execution.fromVersion(),
                execution.version(),
                execution.attempt(),
                error.text(),
                retryAfter);
        add(failed, new CompletedRow(execution, write, error.error()));
        LOG.atDebug()
                .addKeyValue("kb", ShortText.shown(execution.kb()))
                .addKeyValue("version", execution.version())
                .log("{} failed: {}", execution, ShortText.shown(error.text(), ShortText.ERROR));
    }

    /** Writes what is due: everything when nothing runs, but failures only when no page is to come either. */
    void writeIfDue(boolean nothingRuns, boolean pageToCome) {
        mustWait = false;
        try {
            writeIfDue(advanced, nothingRuns);
        } catch (RuntimeException e) {
            Kind kind = Kind.of(e);
            if (kind == Kind.DATA || kind == Kind.UNKNOWN) {
                // What the store has against some rows must not hold up the others
                writeIfDue(failed, nothingRuns && !pageToCome);
            }
            throw e;
        }
        writeIfDue(failed, nothingRuns && !pageToCome);
        removeGone();
    }

    /** For the time being, rows that failed alone are not tried again. */
    void letSuspectsRest(boolean whether) {
        advanced.letSuspectsRest(whether);
        failed.letSuspectsRest(whether);
    }

    private void writeIfDue(RowBatch batch, boolean nothingRuns) {
        batch.begin();
        // Each time: the write before may have taken longer than the leases last
        dropLost(batch);
        while (batch.isDue(nothingRuns)) {
            if (!queue.beginWriting()) {
                mustWait = true;
                return;
            }
            try {
                batch.writeNext(nothingRuns);
            } finally {
                queue.endWriting();
            }
            dropLost(batch);
        }
        batch.end();
    }

    /** Forgets what belongs to a partition that was lost: the next holder does it again. */
    private static void dropLost(RowBatch batch) {
        batch.removeIf(row -> {
            KbExecution execution = row.execution();
            if (!execution.scope().isLost()) {
                return false;
            }
            execution.partition().dropped(execution.kb());
            return true;
        });
    }

    /** Forgets what the next write would hold, because that cannot be written; returns whether there was anything. */
    boolean dropNext() {
        if (dropNext(advanced) || dropNext(failed)) {
            return true;
        }
        boolean some = !gone.isEmpty();
        gone.forEach(execution -> execution.partition().dropped(execution.kb()));
        gone.clear();
        return some;
    }

    private static boolean dropNext(RowBatch batch) {
        List<CompletedRow> next = batch.next();
        batch.removeIf(next::contains);
        next.forEach(row -> row.execution().partition().dropped(row.execution().kb()));
        return !next.isEmpty();
    }

    private void removeGone() {
        if (gone.isEmpty()) {
            return;
        }
        store.remove(stillEnrolled(gone));
        for (KbExecution execution : gone) {
            execution.partition().settled(execution.kb());
            execution.partition().progressed();
            LOG.atDebug()
                    .addKeyValue("kb", ShortText.shown(execution.kb()))
                    .log("Dropped KB {}, which was deleted while it was migrated", ShortText.shown(execution.kb()));
        }
        gone.clear();
    }

    /** Leaves out KBs that were removed meanwhile, and maybe enrolled again: nothing is known of what they are now. */
    private List<String> stillEnrolled(List<KbExecution> executions) {
        Map<String, KbState> stored =
                store.find(executions.stream().map(KbExecution::kb).toList());
        List<String> same = new ArrayList<>();
        for (KbExecution execution : executions) {
            KbState kb = stored.get(execution.kb());
            if (kb != null && kb.incarnation() == execution.incarnation()) {
                same.add(execution.kb());
            }
        }
        return same;
    }

    private void settle(CompletedRow row, WriteResult.@Nullable NotDone notDone) {
        KbExecution execution = row.execution();
        long reached = row.write() instanceof KbWrite.Advanced advance ? advance.to() : execution.fromVersion();
        if (notDone == null) {
            if (row.write() instanceof KbWrite.Failed failure) {
                // The failure is on record; the KB waits for its next attempt
                execution.partition().settled(execution.kb());
                execution.partition().progressed();
                if (row.error() == null) {
                    queue.unrecorded().shown(execution.kb());
                } else {
                    queue.unrecorded().recorded(execution.kb());
                }
                tellFailed(row, failure);
                return;
            }
        } else if (notDone instanceof WriteResult.Stale stale && stale.storedVersion() >= execution.version()) {
            // The response to an earlier write was lost, or the migration has committed the version itself
            reached = stale.storedVersion();
        } else {
            execution.partition().dropped(execution.kb());
            return;
        }
        queue.unrecorded().recorded(execution.kb());
        callbacks.advanced(execution, reached);
    }

    private void tellFailed(CompletedRow row, KbWrite.Failed failure) {
        Throwable error = row.error();
        Duration retryAfter = failure.retryAfter();
        if (error != null && retryAfter != null) {
            callbacks.failed(row.execution(), error, retryAfter);
        }
    }

    /**
     * The store accepts other rows, but not this one. Of a KB whose version is not accepted, that is recorded; it is no failed attempt.
     * Where not even that is accepted, this replica remembers it.
     */
    private void rejected(CompletedRow row, RuntimeException error) {
        KbExecution execution = row.execution();
        String kbId = execution.kb();
        String said = ErrorText.summary(error);
        int times = queue.unrecorded().rejected(kbId);
        Duration retryAfter = backoff.delay(Math.max(times, execution.attempt()), environment);
        LOG.atDebug()
                .addKeyValue("kb", kbId)
                .addKeyValue("version", execution.version())
                .setCause(error)
                .log("The store does not accept what is to be recorded of {}", execution);
        if (row.write() instanceof KbWrite.Advanced) {
            String text = ErrorText.ascii(KbExecution.NOT_ACCEPTED + said);
            KbWrite write = new KbWrite.Failed(
                    kbId,
                    execution.incarnation(),
                    execution.fromVersion(),
                    execution.version(),
                    execution.attempt() - 1,
                    text,
                    retryAfter);
            failed.add(new CompletedRow(execution, write, null));
            return;
        }
        queue.unrecorded()
                .hold(
                        kbId,
                        retryAfter,
                        "KB " + kbId + " failed at version " + execution.version()
                                + ", and the state store does not accept a record of that: " + said);
        execution.partition().dropped(kbId);
        execution.partition().skip();
    }
}
