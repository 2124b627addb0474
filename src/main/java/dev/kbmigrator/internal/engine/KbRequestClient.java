package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetState;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.KbRequest;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.StateStore;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Callers who want one KB migrated now, and wait for it. They leave a {@link KbRequest}, which whoever holds the partition serves. If
 * no replica is at work in this migrator, one is started for as long as someone waits. Safe for use by many threads.
 */
final class KbRequestClient {

    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final EngineConfig config;
    private final StateStore store;
    private final DocumentUpdate documents;
    private final HostKbs host;
    private final Supplier<Optional<ReplicaLoop>> background;
    private final Runnable onHelperEnded;
    private @Nullable ReplicaLoop helper;
    private int waiting;
    private boolean closed;

    /**
     * Creates a client.
     *
     * @param background returns the replica in the background, if there is one
     * @param onHelperEnded what to call when a replica that was started for a caller has ended
     */
    KbRequestClient(EngineConfig config, Supplier<Optional<ReplicaLoop>> background, Runnable onHelperEnded) {
        this.config = config;
        this.store = config.store();
        this.documents = new DocumentUpdate(store);
        this.host = new HostKbs(
                config.host().knowledgeBoxes(), config.build().identity().id());
        this.background = background;
        this.onHelperEnded = onHelperEnded;
    }

    /** Has a KB migrated now, past a version to skip if there is one (0: none); returns its version after that. */
    long migrateKb(FleetState state, String kbId, long skip, String reason) {
        enrolIfTheHostHasIt(kbId, state.baseline());
        KbState kb = find(kbId);
        long open = state.plan().kbGoal(state.open());
        if (skip > 0 ? kb.version() >= skip : kb.version() >= open) {
            return kb.version();
        }
        if (skip > Math.max(open, state.baseline())) {
            throw new IllegalArgumentException("version " + skip + " cannot be skipped for KB " + ShortText.shown(kbId)
                    + ": KBs are brought to version " + open + " at present");
        }
        long goal = Math.max(open, skip);
        String json =
                KbRequest.toJson(kbId, skip, reason, config.build().identity().id());
        documents.replace(KbRequest.documentOf(kbId), null, before -> Optional.of(json));
        return awaitRequest(kbId, goal, skip, kb.record());
    }

    /** A KB that was deleted must not come back because someone asks for it; the second check is for one deleted just now. */
    private void enrolIfTheHostHasIt(String kbId, long version) {
        if (!store.find(Set.of(kbId)).isEmpty()) {
            return;
        }
        boolean gone = host.isGone(kbId);
        if (!gone && !store.enroll(Set.of(kbId), version).isEmpty() && host.isGone(kbId)) {
            store.remove(Set.of(kbId));
            gone = true;
        }
        if (gone) {
            throw new MigratorException(
                    "KB " + ShortText.shown(kbId) + " is not enrolled, and the host says that it does not exist");
        }
    }

    /** Waits for the holder; this replica is one of those that may become it. */
    private long awaitRequest(String kbId, long goal, long skip, @Nullable KbRecord before) {
        Environment.Signal signal = config.environment().newSignal();
        beginToWait();
        try {
            while (true) {
                ReplicaLoop atWork = atWork();
                atWork.wake();
                KbState kb = find(kbId);
                if (kb.version() >= goal) {
                    return kb.version();
                }
                KbRecord record = kb.record();
                if (record != null && hasFailedSince(before, record)) {
                    throw new MigratorException("KB " + ShortText.shown(kbId) + " could not be brought to version "
                            + record.version() + ": " + ShortText.firstLine(String.valueOf(record.error())));
                }
                FleetView view = atWork.observer().viewOrNull();
                if (view != null && view.paused()) {
                    throw new MigrationsPausedException(
                            "KB " + ShortText.shown(kbId) + " is at version " + kb.version()
                                    + ", and migrations are paused by an operator: "
                                    + view.control().shownReason(),
                            view.control().reason());
                }
                if (view != null && skip == 0) {
                    checkKnown(view, kb);
                }
                signal.awaitInterruptibly(POLL_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MigratorException(
                    "interrupted while waiting for KB " + ShortText.shown(kbId)
                            + "; the request stays, and is served where a replica is at work",
                    e);
        } finally {
            endToWait();
        }
    }

    /** A KB that needs versions that were removed from the migrations would be waited for forever: withdraws its request. */
    private void checkKnown(FleetView view, KbState kb) {
        long below = view.unknownBelow(config.timings().recently());
        if (kb.version() < below) {
            String name = KbRequest.documentOf(kb.kbId());
            Document request = documents.find(name);
            if (request != null) {
                documents.replaceOnce(name, request.revision(), null, null);
            }
            throw new MigratorException("KB " + ShortText.shown(kb.kbId()) + " is at version " + kb.version()
                    + " and stays there: " + FleetReports.stranded(1, List.of(kb), below, FleetReports.NO_LIVE_BUILD));
        }
    }

    private static boolean hasFailedSince(@Nullable KbRecord before, KbRecord now) {
        if (now.failures() == 0) {
            return false;
        }
        return before == null
                || now.version() != before.version()
                || now.failures() > before.failures()
                || now.failedMicros() > before.failedMicros();
    }

    private synchronized void beginToWait() {
        waiting++;
    }

    /** Returns the replica in the background, or one that works for as long as someone waits for a KB. */
    private ReplicaLoop atWork() {
        Optional<ReplicaLoop> started = background.get();
        if (started.isPresent()) {
            return started.get();
        }
        synchronized (this) {
            if (closed) {
                throw new MigratorClosedException(
                        "the migrator was closed while a KB was being migrated; the request stays");
            }
            ReplicaLoop current = helper;
            if (current == null || current.hasEnded()) {
                current = new ReplicaLoop(config, RunMode.BACKGROUND);
                current.start();
                helper = current;
            }
            return current;
        }
    }

    private void endToWait() {
        ReplicaLoop idle = null;
        synchronized (this) {
            waiting--;
            if (waiting == 0 && !closed) {
                idle = helper;
                helper = null;
            }
        }
        if (idle == null) {
            return;
        }
        ReplicaLoop leaving = idle;
        leaving.stop();
        if (Thread.currentThread().isInterrupted()) {
            // A caller that was interrupted waits no longer, not for this either
            config.environment().start("kb-migrator-signoff", () -> awaitHelper(leaving));
        } else {
            awaitHelper(leaving);
        }
    }

    private void awaitHelper(ReplicaLoop leaving) {
        long deadline =
                config.environment().nanoTime() + config.timings().leaseTtl().toNanos();
        if (leaving.awaitEndUntil(deadline)) {
            onHelperEnded.run();
        }
    }

    /** From here on nobody waits any more; returns the replica that works for those who do, for the caller to stop. */
    synchronized Optional<ReplicaLoop> close() {
        closed = true;
        return Optional.ofNullable(helper);
    }

    private KbState find(String kbId) {
        KbState kb = store.find(Set.of(kbId)).get(kbId);
        if (kb == null) {
            throw new MigratorException("KB " + ShortText.shown(kbId) + " is not enrolled: it was deleted meanwhile");
        }
        return kb;
    }
}
