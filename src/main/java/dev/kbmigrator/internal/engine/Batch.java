package dev.kbmigrator.internal.engine;

import dev.kbmigrator.internal.engine.Body.Cancelled;
import dev.kbmigrator.internal.engine.Body.Done;
import dev.kbmigrator.internal.engine.Body.Failed;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.WriteResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker's bodies have brought about but the store does not know yet. It is written when there is as much as one batch
 * takes, when its oldest entry has waited for 50 ms, or when nothing else runs that could join it. KBs that failed go in batches
 * of their own, because with them in it a batch costs the store several times as much; they wait for the last page, or
 * for a second, because they are few, and a page costs more once there are failures in its partitions.
 *
 * <p>A write whose answer was lost is simply made again: it is a compare-and-set, so the answer says whether the first one
 * took effect. Belongs to the worker's thread.
 */
final class Batch {

    private static final Logger LOG = LoggerFactory.getLogger(Batch.class);
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long FAILED_LINGER_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final EngineConfig config;
    private final Board board;
    private final Worker worker;

    private final Pile advanced = new Pile(LINGER_NANOS);
    private final Pile failed = new Pile(FAILED_LINGER_NANOS);
    private final List<KbBody> gone = new ArrayList<>();
    private boolean refused;

    private record Entry(
            KbBody body, KbWrite write, @Nullable Throwable error) {}

    /** In the order in which they finished; each is kept until its write is known to have happened, or never to happen. */
    private final class Pile {

        private final long lingerNanos;
        private final List<Entry> entries = new ArrayList<>();
        private long oldest;

        private Pile(long lingerNanos) {
            this.lingerNanos = lingerNanos;
        }

        private void add(Entry entry) {
            if (entries.isEmpty()) {
                oldest = config.surroundings().nanoTime();
            }
            entries.add(entry);
        }

        private long dueIn(long now) {
            return entries.isEmpty() ? Long.MAX_VALUE : Math.max(0, oldest + lingerNanos - now);
        }

        /** Forgets what belongs to a partition that was lost: the next holder does it again. */
        private void dropLost() {
            for (Iterator<Entry> each = entries.iterator(); each.hasNext(); ) {
                KbBody body = each.next().body();
                if (body.held.isLost()) {
                    body.held.dropped(body.kb());
                    each.remove();
                }
            }
        }

        private void writeIfDue(boolean nothingRuns) {
            // Each time: the write before may have taken longer than the leases last
            dropLost();
            while (isDue(nothingRuns)) {
                refused = !board.beginWriting();
                if (refused) {
                    return;
                }
                try {
                    write(new ArrayList<>(
                            entries.subList(0, Math.min(config.store().maxBatch(), entries.size()))));
                } finally {
                    board.endWriting();
                }
                oldest = config.surroundings().nanoTime();
                dropLost();
            }
        }

        private boolean isDue(boolean nothingRuns) {
            return !entries.isEmpty()
                    && (nothingRuns
                            || entries.size() >= config.store().maxBatch()
                            || dueIn(config.surroundings().nanoTime()) == 0);
        }

        private void write(List<Entry> part) {
            Map<Integer, Epoch> epochs = new LinkedHashMap<>();
            List<KbWrite> writes = new ArrayList<>(part.size());
            Held before = null;
            for (Entry entry : part) {
                Held held = entry.body().held;
                if (held != before) {
                    epochs.put(held.scope(), held.epoch());
                    before = held;
                }
                writes.add(entry.write());
            }
            WriteResult result = config.store().write(epochs.values(), writes);
            if (result.refused()) {
                for (Entry entry : part) {
                    if (result.staleScopes().contains(entry.body().held.scope())) {
                        worker.fenced(entry.body().held);
                    }
                }
                return;
            }
            entries.subList(0, part.size()).clear();
            for (Entry entry : part) {
                settle(entry, result.exceptions().get(entry.body().kb()));
            }
        }
    }

    Batch(EngineConfig config, Board board, Worker worker) {
        this.config = config;
        this.board = board;
        this.worker = worker;
    }

    int size() {
        return advanced.entries.size() + failed.entries.size() + gone.size();
    }

    /** How many KBs more make it worth writing. */
    int room() {
        return config.store().maxBatch() - advanced.entries.size();
    }

    /**
     * How long until what is there has to be written; never when there is nothing, or when this worker has to wait for others that
     * write, and is woken then.
     */
    long dueIn(long now) {
        return refused ? Long.MAX_VALUE : Math.min(advanced.dueIn(now), failed.dueIn(now));
    }

    /** Takes what has finished. */
    void add(KbBody body) {
        Body.Outcome outcome = body.outcome();
        if (outcome instanceof Cancelled) {
            body.held.dropped(body.kb());
            return;
        }
        if (body.isCommitted()) {
            reached(body, body.version());
            return;
        }
        if (outcome instanceof Done) {
            advanced.add(new Entry(body, new KbWrite.Advanced(body.kb(), body.from(), body.version()), null));
        } else if (outcome instanceof Failed failure) {
            fail(body, failure.printed());
        } else {
            gone.add(body);
        }
    }

    private void fail(KbBody body, Texts.Printed printed) {
        Throwable error = printed.error();
        if (body.cancellation() == Body.Cancellation.TIMEOUT && !body.held.isLost()) {
            LOG.atWarn().addKeyValue("kb", body.kb()).log("{}", error.getMessage());
        }
        Duration retryAfter = config.timings().backoff().delay(body.attempt(), config.surroundings());
        KbWrite write =
                new KbWrite.Failed(body.kb(), body.from(), body.version(), body.attempt(), printed.text(), retryAfter);
        failed.add(new Entry(body, write, error));
        LOG.atDebug()
                .addKeyValue("kb", body.kb())
                .addKeyValue("version", body.version())
                .setCause(error)
                .log("A KB failed");
    }

    /** Writes what is due; all of it when nothing runs, failures only when no page is to come either. */
    void writeIfDue(boolean nothingRuns, boolean pageToCome) {
        refused = false;
        dropGone();
        advanced.writeIfDue(nothingRuns);
        failed.writeIfDue(nothingRuns && !pageToCome);
    }

    private void dropGone() {
        if (gone.isEmpty()) {
            return;
        }
        config.store().remove(gone.stream().map(KbBody::kb).toList());
        for (KbBody body : gone) {
            body.held.settled(body.kb());
            body.held.progressed = true;
            LOG.atDebug().addKeyValue("kb", body.kb()).log("Dropped a KB that was deleted in the middle");
        }
        gone.clear();
    }

    private void settle(Entry entry, WriteResult.@Nullable NotDone notDone) {
        KbBody body = entry.body();
        long reached = entry.write() instanceof KbWrite.Advanced advance ? advance.to() : body.from();
        if (notDone == null) {
            if (entry.write() instanceof KbWrite.Failed failure) {
                // The failure is on record; the KB waits for its next attempt
                body.held.settled(body.kb());
                body.held.progressed = true;
                tellFailed(entry, failure);
                return;
            }
        } else if (notDone instanceof WriteResult.Stale stale && stale.storedVersion() >= body.version()) {
            // An earlier answer was lost, or the migration committed the version itself
            reached = stale.storedVersion();
        } else {
            body.held.dropped(body.kb());
            return;
        }
        reached(body, reached);
    }

    private void tellFailed(Entry entry, KbWrite.Failed failure) {
        Throwable error = entry.error();
        Duration retryAfter = failure.retryAfter();
        if (error != null && retryAfter != null) {
            KbBody body = entry.body();
            Listeners.tell(config, listener -> listener.kbFailed(body.kb(), body.info, error, retryAfter));
        }
    }

    private void reached(KbBody body, long version) {
        board.kbMigrations.increment();
        Listeners.tell(config, listener -> listener.kbMigrated(body.kb(), version));
        worker.advanced(body, version);
    }

    /** Moves a KB past the version that a person asked to skip; answers how it stands then. */
    KbState skip(Held held, KbState kb, Request request) {
        if (kb.version() >= request.skip()) {
            return kb;
        }
        KbWrite write = new KbWrite.Advanced(kb.kbId(), kb.version(), request.skip());
        WriteResult result = config.store().write(Set.of(held.epoch()), List.of(write));
        if (result.refused()) {
            worker.fenced(held);
        } else if (result.exceptions().isEmpty()) {
            held.progressed = true;
            LOG.atWarn()
                    .addKeyValue("kb", kb.kbId())
                    .addKeyValue("version", request.skip())
                    .log("Skipped a version of a KB, as asked: {}", request.reason());
            return new KbState(kb.kbId(), request.skip(), null);
        }
        return kb;
    }
}
