package dev.kbmigrator.internal.execution;

import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt at one part of a migration: what the migration sees as its context, and what came of it. It hands itself over to its
 * owner exactly once, when the part has returned or was abandoned. Safe for use by many threads.
 */
public abstract class Execution implements MigrationContext, AttemptCommit {

    /** Why an execution is to stop. */
    public enum Cancellation {
        /** The lease is lost, or the scope was taken over. */
        LOST,
        /** The replica closes. */
        CLOSING,
        /** The part has run for too long. */
        TIMEOUT,
        /** The KB is not enrolled any more. */
        GONE
    }

    /** What came of an execution. */
    public sealed interface Outcome {}

    /** The part returned normally, and had not been told to stop before, or it has committed by itself. */
    public record Done() implements Outcome {}

    /**
     * The part threw, or ran out of time.
     *
     * @param error the error and its text
     */
    public record Failed(ErrorText error) implements Outcome {}

    /** The KB was deleted while the part ran. */
    public record Gone() implements Outcome {}

    /** The part was cancelled, or never started; nothing is to be recorded. */
    public record Cancelled() implements Outcome {}

    private static final Logger LOG = LoggerFactory.getLogger(Execution.class);
    private static final int MAX_PROGRESS_CHARACTERS = 200;
    private static final int MAX_CAUSES = 10;
    private static final Set<Kind> AWAY = EnumSet.of(Kind.OUTAGE, Kind.TIMEOUT, Kind.CONFLICT);

    protected final Environment environment;
    private final Services services;
    private final HeldScope scope;
    private final MigrationCatalog.Entry migration;
    private final int attempt;
    private @Nullable Outcome outcome;
    private volatile @Nullable Cancellation cancellation;

    /**
     * Whether the part could have noticed that it is to stop: it was told so when it asked, a call of its context threw, or its thread
     * was interrupted. What such a part does next is unknown, so that it is not done although it returns normally. Set before the part can
     * notice.
     */
    private volatile boolean toldToStop;

    private volatile long ranFor;
    private long cancelledAt;
    private volatile String progress = "";
    private volatile @Nullable String savedCheckpoint;
    private volatile long checkpointedAt;
    private volatile @Nullable InterruptShield shield;

    /** The last error of the store when it was called for the part. */
    private volatile @Nullable RuntimeException storeError;

    private volatile boolean committed;

    /**
     * Prepares an attempt.
     *
     * @param scope what the part runs under
     * @param migration whose part it is
     * @param attempt 1 for the first
     */
    protected Execution(
            Environment environment,
            Services services,
            HeldScope scope,
            MigrationCatalog.Entry migration,
            int attempt) {
        this.environment = environment;
        this.services = services;
        this.scope = scope;
        this.migration = migration;
        this.attempt = attempt;
    }

    /** Calls the migration's part. */
    protected abstract void call(Migration part) throws Exception;

    /** Takes the outcome over; called once, by the thread that ran the part or, if that was abandoned, by another. */
    protected abstract void finished();

    /** Reads the checkpoint that an earlier attempt left; null when there is none. */
    protected abstract @Nullable String readCheckpoint();

    /** Makes the checkpoint durable, under the epoch. */
    protected abstract void writeCheckpoint(String json);

    /** Returns whether what was to be migrated has been deleted meanwhile, so that a failure is none. */
    protected boolean isGone() {
        return false;
    }

    /** Returns the text of what the part has thrown. */
    protected ErrorText textOf(Throwable error) {
        return ErrorText.of(error);
    }

    /** Cancels the execution before it starts, if its scope is lost or nothing more is to be started. */
    final void cancelIfOver(BooleanSupplier halted) {
        if (scope.isOver(environment.nanoTime())) {
            cancel(Cancellation.LOST);
        } else if (halted.getAsBoolean()) {
            cancel(Cancellation.CLOSING);
        }
    }

    /** Runs the part in this thread, unless it is cancelled already; returns what came of it. */
    final Outcome attempt(InterruptShield interrupts) {
        shield = interrupts;
        return cancellation == null ? LogContext.during(this, this::runPart) : new Cancelled();
    }

    private Outcome runPart() {
        try {
            call(migration.migration());
        } catch (Throwable e) {
            if (!committed) {
                return outcomeOf(e);
            }
            LOG.atWarn()
                    .setCause(ErrorText.of(e).printed())
                    .log("{} threw an exception after it had committed; it counts as done", this);
            return new Done();
        }
        if (committed || !toldToStop) {
            return new Done();
        }
        return cancellation == Cancellation.TIMEOUT
                ? timedOut(null, " and returned, which does not count as done")
                : new Cancelled();
    }

    private Outcome outcomeOf(Throwable error) {
        Cancellation reason = cancellation;
        if (reason == null) {
            return isOfTheStore(error) ? new Cancelled() : new Failed(textOf(error));
        }
        return reason == Cancellation.TIMEOUT ? timedOut(ErrorText.loggable(error), "") : new Cancelled();
    }

    /** Returns whether the part failed because the store was away: that is no failure of the part, and does not count as an attempt. */
    private boolean isOfTheStore(Throwable error) {
        try {
            Throwable each = error;
            for (int depth = 0; each != null && depth < MAX_CAUSES; depth++) {
                if (each == storeError || AWAY.contains(Kind.of(each))) {
                    LOG.atDebug().setCause(ErrorText.loggable(error)).log("{} did not get through to the store", this);
                    return true;
                }
                each = each.getCause();
            }
        } catch (RuntimeException | Error e) {
            // An exception of the part's own whose methods throw
            LOG.atDebug().log("{} threw an exception that cannot be examined", this);
        }
        return false;
    }

    private Failed timedOut(@Nullable Throwable cause, String ending) {
        String message =
                this + " was cancelled after its time limit of " + timeLimit().orElseThrow() + ending;
        return new Failed(ErrorText.of(new AttemptTimeoutException(message, cause)));
    }

    /** Ends the execution with what came of it. */
    final void conclude(Outcome result, long ranNanos) {
        ranFor = ranNanos;
        settle(result instanceof Failed && isGone() ? new Gone() : result);
    }

    /** Stops waiting for the part: whatever it does from now on counts for nothing. */
    public final void abandon() {
        if (committed) {
            settle(new Done());
        } else {
            settle(cancellation == Cancellation.TIMEOUT ? timedOut(null, " and did not stop") : new Cancelled());
        }
    }

    private void settle(Outcome result) {
        synchronized (this) {
            if (outcome != null) {
                return;
            }
            outcome = result;
        }
        finished();
    }

    /** Returns what came of it, once it has finished. */
    public final synchronized Outcome outcome() {
        if (outcome == null) {
            throw new IllegalStateException(this + " has not finished");
        }
        return outcome;
    }

    public final synchronized boolean isSettled() {
        return outcome != null;
    }

    /** Returns how long it ran, in nanoseconds, once it is settled; 0 for one that was abandoned. */
    public final long ranFor() {
        return ranFor;
    }

    /** Tells the execution to stop; the first reason stays. */
    public final synchronized void cancel(Cancellation reason) {
        if (cancellation == null) {
            cancelledAt = environment.nanoTime();
            cancellation = reason;
        }
    }

    /** Returns for how long it has been told to stop, in nanoseconds. */
    final synchronized long cancelledFor(long now) {
        return cancellation == null ? 0 : now - cancelledAt;
    }

    /** Returns why it is to stop; null when it is not. */
    public final @Nullable Cancellation cancellation() {
        return cancellation;
    }

    /** Returns what it runs under. */
    public final HeldScope scope() {
        return scope;
    }

    /** Returns the migration whose part it is. */
    public final MigrationInfo info() {
        return migration.info();
    }

    /** Returns how long it may run; empty when there is no limit. */
    final Optional<Duration> timeLimit() {
        return migration.timeLimit();
    }

    /** Returns when it last saved a checkpoint, in monotonic time; empty when it has saved none. */
    public final OptionalLong checkpointedAt() {
        return savedCheckpoint == null ? OptionalLong.empty() : OptionalLong.of(checkpointedAt);
    }

    /** Returns what it last said about its progress. */
    public final String progress() {
        return progress;
    }

    @Override
    public final long version() {
        return info().version();
    }

    @Override
    public final String name() {
        return info().name();
    }

    @Override
    public Optional<String> kbId() {
        return Optional.empty();
    }

    @Override
    public final int attempt() {
        return attempt;
    }

    @Override
    public final long fencingToken() {
        return scope.epoch().number();
    }

    @Override
    public final Epoch epoch() {
        return scope.epoch();
    }

    @Override
    public final void committed() {
        committed = true;
    }

    /** Returns whether the outcome is durable without a write by the engine. */
    public final boolean isCommitted() {
        return committed;
    }

    @Override
    public final <T> T service(Class<T> type) {
        return services.get(type);
    }

    @Override
    public final <T> Optional<T> lastCheckpoint(Class<T> type) {
        String saved = savedCheckpoint;
        String json = saved == null ? shielded(this::readCheckpoint) : saved;
        return json == null ? Optional.empty() : CheckpointJson.read(json, type, this);
    }

    @Override
    public final void saveCheckpoint(Object checkpoint) {
        checkCancelled();
        String json = checkpointJson(checkpoint);
        try {
            shielded(() -> {
                writeCheckpoint(json);
                return null;
            });
        } catch (StateStoreException e) {
            throw e.kind() == Kind.DATA ? notAccepted(e) : e;
        }
        checkpointSaved(json);
        checkCancelled();
    }

    /** Returns the exception that says that the store rejects the checkpoint. */
    protected final CheckpointException notAccepted(Exception error) {
        return new CheckpointException(
                "the state store does not accept the checkpoint of " + this + ": " + ErrorText.summary(error)
                        + ". Save something that it can keep, such as plain text or a number",
                error);
    }

    @Override
    public final String checkpointJson(Object checkpoint) {
        return CheckpointJson.write(checkpoint, this);
    }

    @Override
    public final void checkpointSaved(String json) {
        checkpointedAt = environment.nanoTime();
        savedCheckpoint = json;
    }

    @Override
    public final void progress(String message) {
        progress = ShortText.of(message, MAX_PROGRESS_CHARACTERS);
    }

    @Override
    public final boolean isCancelled() {
        boolean cancelled = cancellation != null;
        if (cancelled) {
            toldToStop = true;
        }
        return cancelled;
    }

    @Override
    public final void checkCancelled() {
        Cancellation reason = cancellation;
        if (reason != null) {
            throw cancelled(reason);
        }
    }

    @Override
    public final void checkMayCommit() {
        Cancellation reason = cancellation;
        if (toldToStop && reason != null) {
            throw cancelled(reason);
        }
    }

    /** The thread of the part is about to be interrupted. */
    final void interrupting() {
        toldToStop = true;
    }

    /** Returns the exception that tells the migration to stop. */
    protected final MigrationCancelledException cancelled(Cancellation reason) {
        return cancelled(
                switch (reason) {
                    case LOST -> scope.lostBecause();
                    case CLOSING -> "this replica is closing";
                    case TIMEOUT -> "it has run for too long";
                    case GONE -> "the KB is no longer enrolled";
                });
    }

    /** Returns such an exception that says why. */
    protected final MigrationCancelledException cancelled(String reason) {
        toldToStop = true;
        return new MigrationCancelledException(this + " was cancelled: " + reason);
    }

    private <T> @Nullable T shielded(Supplier<@Nullable T> call) {
        InterruptShield current = shield;
        try {
            return current == null ? call.get() : current.call(call);
        } catch (RuntimeException e) {
            boolean isOurs = e instanceof MigratorException && !(e instanceof StateStoreException);
            if (!isOurs && Kind.of(e) != Kind.DATA) {
                storeError = e;
            }
            throw e;
        }
    }
}
