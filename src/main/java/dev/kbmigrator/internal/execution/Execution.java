package dev.kbmigrator.internal.execution;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
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

    /** The part returned normally. */
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

    protected final Environment environment;
    private final Services services;
    private final HeldScope scope;
    private final MigrationCatalog.Entry migration;
    private final int attempt;
    private @Nullable Outcome outcome;
    private volatile @Nullable Cancellation cancellation;
    private volatile long ranFor;
    private long cancelledAt;
    private volatile String progress = "";
    private volatile @Nullable String savedCheckpoint;
    private volatile @Nullable InterruptShield shield;
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
        if (cancellation != null) {
            return new Cancelled();
        }
        try {
            call(migration.migration());
            return new Done();
        } catch (Throwable e) {
            if (!committed) {
                return outcomeOf(e);
            }
            LOG.atWarn()
                    .setCause(ErrorText.loggable(e))
                    .log("{} threw an exception after it had committed; it counts as done", this);
            return new Done();
        }
    }

    private Outcome outcomeOf(Throwable error) {
        Cancellation reason = cancellation;
        if (reason == null) {
            return new Failed(textOf(error));
        }
        return reason == Cancellation.TIMEOUT ? timedOut(ErrorText.loggable(error)) : new Cancelled();
    }

    private Failed timedOut(@Nullable Throwable cause) {
        String message = this + " was cancelled after its time limit of "
                + timeLimit().orElseThrow() + (cause == null ? " and did not stop" : "");
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
            settle(cancellation == Cancellation.TIMEOUT ? timedOut(null) : new Cancelled());
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
        if (json == null) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(Json.MAPPER.readValue(json, type));
        } catch (JsonProcessingException e) {
            throw new CheckpointException(
                    "the checkpoint of " + this + " cannot be read as " + type.getName() + ". It was written as "
                            + ShortText.shown(json, 200)
                            + ". Read checkpoints with a type that still fits what earlier builds wrote",
                    e);
        }
    }

    @Override
    public final void saveCheckpoint(Object checkpoint) {
        checkCancelled();
        String json = checkpointJson(checkpoint);
        shielded(() -> {
            writeCheckpoint(json);
            return null;
        });
        checkpointSaved(json);
        checkCancelled();
    }

    @Override
    public final String checkpointJson(Object checkpoint) {
        String json;
        try {
            json = Json.wellFormed(Json.MAPPER.writeValueAsString(checkpoint));
        } catch (JsonProcessingException e) {
            throw new CheckpointException(
                    "the checkpoint of " + this + ", a " + checkpoint.getClass().getName()
                            + ", cannot be written as JSON: use a text, a number, or a record of such values",
                    e);
        }
        int bytes = json.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > KbRecord.MAX_CHECKPOINT_BYTES) {
            throw new CheckpointException("the checkpoint of " + this + " has " + bytes + " bytes as JSON; at most "
                    + KbRecord.MAX_CHECKPOINT_BYTES + " are kept: save how far you have got, not what you have found");
        }
        return json;
    }

    @Override
    public final void checkpointSaved(String json) {
        savedCheckpoint = json;
    }

    @Override
    public final void progress(String message) {
        progress = ShortText.of(message, MAX_PROGRESS_CHARACTERS);
    }

    @Override
    public final boolean isCancelled() {
        return cancellation != null;
    }

    @Override
    public final void checkCancelled() {
        Cancellation reason = cancellation;
        if (reason != null) {
            throw cancelled(reason);
        }
    }

    /** Returns the exception that tells the migration to stop. */
    protected final MigrationCancelledException cancelled(Cancellation reason) {
        return new MigrationCancelledException(this + " was cancelled: "
                + switch (reason) {
                    case LOST -> scope.lostBecause();
                    case CLOSING -> "this replica is closing";
                    case TIMEOUT -> "it has run for too long";
                    case GONE -> "the KB is no longer enrolled";
                });
    }

    private <T> @Nullable T shielded(Supplier<@Nullable T> call) {
        InterruptShield current = shield;
        return current == null ? call.get() : current.call(call);
    }
}
