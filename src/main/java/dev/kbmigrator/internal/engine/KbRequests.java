package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.MigratorClosedException;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Callers who want one KB migrated now, and wait for it. What they want is a {@link Request}, which whoever holds the
 * partition serves; where no replica is at work in this migrator, one is as long as someone waits.
 */
final class KbRequests {

    private static final int ATTEMPTS = 20;

    private final EngineConfig config;
    private final Supplier<Optional<Replica>> background;
    private final Runnable onLeft;
    private @Nullable Replica helper;
    private int helped;
    private boolean closed;

    /** With where to ask for the replica in the background, and what to call when the helper has left. */
    KbRequests(EngineConfig config, Supplier<Optional<Replica>> background, Runnable onLeft) {
        this.config = config;
        this.background = background;
        this.onLeft = onLeft;
    }

    /** Has a KB migrated now; answers its version then. */
    long migrateKb(GlobalState state, String kbId, long skip, String reason) {
        enrolWhatTheHostHas(kbId, state.baseline());
        KbState kb = find(kbId);
        long goal = Plans.kbGoal(state.plan(), state.open());
        if (kb.version() >= goal || (skip > 0 && kb.version() >= skip)) {
            return kb.version();
        }
        if (skip > goal) {
            throw new IllegalArgumentException("version " + skip + " cannot be skipped for KB " + kbId
                    + ": KBs are brought to version " + goal + " at present");
        }
        ask(kbId, skip, reason);
        return awaitRequest(kbId, goal, kb.record());
    }

    /** A KB that was deleted must not come back because someone asks for it; the second question is for one deleted just now. */
    private void enrolWhatTheHostHas(String kbId, long version) {
        StateStore store = config.store();
        if (!store.find(Set.of(kbId)).isEmpty()) {
            return;
        }
        boolean gone = Hosts.isGone(config, kbId);
        if (!gone && !store.enroll(Set.of(kbId), version).isEmpty() && Hosts.isGone(config, kbId)) {
            store.remove(Set.of(kbId));
            gone = true;
        }
        if (gone) {
            throw new MigratorException("KB " + kbId + " is not enrolled, and the host says that it does not exist");
        }
    }

    private void ask(String kbId, long skip, String reason) {
        String name = Request.documentOf(kbId);
        String json = Request.toJson(kbId, skip, reason, config.identity().id());
        for (int i = 0; i < ATTEMPTS; i++) {
            Document before = config.store().document(name).orElse(null);
            if (config.store().compareAndSet(name, before == null ? 0 : before.revision(), json, null)) {
                return;
            }
        }
        throw new StateStoreException("the request for KB " + kbId + " is changed by others again and again");
    }

    /** Waits for the holder; this replica is one of those that may become it. */
    private long awaitRequest(String kbId, long goal, @Nullable KbRecord before) {
        Surroundings.Signal signal = config.surroundings().newSignal();
        begunToWait();
        try {
            while (true) {
                Replica atWork = atWork();
                atWork.wake();
                KbState kb = find(kbId);
                if (kb.version() >= goal) {
                    return kb.version();
                }
                KbRecord attempt = kb.record();
                if (attempt != null && hasFailedSince(before, attempt)) {
                    throw new MigratorException("KB " + kbId + " could not be brought to version " + attempt.version()
                            + ": " + attempt.error());
                }
                View view = atWork.board().viewOrNull();
                if (view != null && view.paused()) {
                    throw new MigrationsPausedException(
                            "KB " + kbId + " is at version " + kb.version()
                                    + ", and migrations are paused by an operator: " + view.pauseReason(),
                            view.pauseReason());
                }
                signal.awaitInterruptibly(TimeUnit.MILLISECONDS.toNanos(100));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MigratorException(
                    "interrupted; KB " + kbId + " stays asked for, and is migrated where a replica is at work", e);
        } finally {
            endedToWait();
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

    private synchronized void begunToWait() {
        helped++;
    }

    /** The replica in the background, or one that works as long as someone waits for a KB. */
    private Replica atWork() {
        Optional<Replica> started = background.get();
        if (started.isPresent()) {
            return started.get();
        }
        synchronized (this) {
            if (closed) {
                throw new MigratorClosedException(
                        "the migrator was closed meanwhile; what was asked for stays asked for");
            }
            Replica current = helper;
            if (current == null || current.hasEnded()) {
                current = new Replica(config, false);
                current.start();
                helper = current;
            }
            return current;
        }
    }

    private void endedToWait() {
        Replica idle = null;
        synchronized (this) {
            helped--;
            if (helped == 0 && !closed) {
                idle = helper;
                helper = null;
            }
        }
        if (idle == null) {
            return;
        }
        Replica leaving = idle;
        leaving.stop();
        if (Thread.currentThread().isInterrupted()) {
            // Who was interrupted waits no longer, not for this either
            config.surroundings().start("kb-migrator-goodbye", () -> seeOff(leaving));
        } else {
            seeOff(leaving);
        }
    }

    private void seeOff(Replica leaving) {
        long deadline =
                config.surroundings().nanoTime() + config.timings().leaseTtl().toNanos();
        if (Engine.awaitUntil(config, leaving, deadline)) {
            onLeft.run();
        }
    }

    /** From here on nobody waits any more; answers the replica that works for those who do, for the caller to stop. */
    synchronized Optional<Replica> close() {
        closed = true;
        return Optional.ofNullable(helper);
    }

    private KbState find(String kbId) {
        KbState kb = config.store().find(Set.of(kbId)).get(kbId);
        if (kb == null) {
            throw new MigratorException("KB " + kbId + " is not enrolled: it was deleted meanwhile");
        }
        return kb;
    }
}
