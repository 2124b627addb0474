package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbRecord;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt at one part of a migration: what the migration sees as its context, and what came of it. It runs in a slot, and
 * hands itself back to its owner exactly once, when the part has returned or was given up.
 */
abstract class Body implements MigrationContext, AttemptCommit {

    /** Why an attempt is to stop. */
    enum Cancellation {
        /** The lease is lost, or the scope was taken over. */
        LOST,
        /** The replica closes. */
        CLOSING,
        /** The part has run for too long. */
        TIMEOUT,
        /** The KB is not enrolled any more. */
        GONE
    }

    /** What came of an attempt. */
    sealed interface Outcome {}

    /** The part returned normally. */
    record Done() implements Outcome {}

    /** The part threw, or ran out of time. */
    record Failed(Texts.Printed printed) implements Outcome {

        static Failed with(Throwable error) {
            return new Failed(Texts.print(error));
        }

        Throwable error() {
            return printed.error();
        }
    }

    /** The KB was deleted in the middle. */
    record Gone() implements Outcome {}

    /** The part was cancelled, or never started; nothing is to be recorded. */
    record Cancelled() implements Outcome {}

    private static final Logger LOG = LoggerFactory.getLogger(Body.class);

    final EngineConfig config;
    final Held held;
    final MigrationInfo info;
    final Migration migration;
    private final int attempt;
    private @Nullable Outcome outcome;
    private volatile @Nullable Cancellation cancellation;
    private volatile long ranFor;
    private long cancelledAt;
    private volatile String progress = "";
    private volatile @Nullable String savedCheckpoint;
    private volatile @Nullable Slot slot;
    private volatile boolean committed;

    Body(EngineConfig config, Held held, MigrationInfo info, Migration migration, int attempt) {
        this.config = config;
        this.held = held;
        this.info = info;
        this.migration = migration;
        this.attempt = attempt;
    }

    /** Calls the migration's part. */
    abstract void call() throws Exception;

    /** Takes the outcome over; called once, by the slot's thread or, for a body that was given up, by another. */
    abstract void finished();

    /** Reads the checkpoint that an earlier attempt left; null when there is none. */
    abstract @Nullable String readCheckpoint();

    /** Makes the checkpoint durable, under the epoch. */
    abstract void writeCheckpoint(String json);

    /** Runs in the slot's thread, from start to end. */
    final void run(Slot slot, BooleanSupplier halted) {
        this.slot = slot;
        slot.begin(this);
        // Asked after it can be seen in the slot: whoever loses or halts it in between cancels it there
        if (held.isOver(config.surroundings().nanoTime())) {
            cancel(Cancellation.LOST);
        } else if (halted.getAsBoolean()) {
            cancel(Cancellation.CLOSING);
        }
        Outcome result = cancellation == null ? attemptIt() : new Cancelled();
        ranFor = slot.end();
        settle(result instanceof Failed && isGone() ? new Gone() : result);
    }

    /** How long it ran, in nanoseconds, once it is settled; 0 for one that was given up. */
    final long ranFor() {
        return ranFor;
    }

    private Outcome attemptIt() {
        try {
            call();
            return new Done();
        } catch (Throwable e) {
            if (!committed) {
                return outcomeOf(e);
            }
            LOG.atWarn().setCause(Texts.printable(e)).log("{} threw after it had committed; it counts as done", this);
            return new Done();
        }
    }

    /** Whether what was to be migrated has gone meanwhile, so that a failure is none. */
    boolean isGone() {
        return false;
    }

    /** Prints what the part has thrown. */
    Texts.Printed print(Throwable error) {
        return Texts.print(error);
    }

    private Outcome outcomeOf(Throwable error) {
        Cancellation reason = cancellation;
        if (reason == null) {
            return new Failed(print(error));
        }
        return reason == Cancellation.TIMEOUT ? Failed.with(timedOut(Texts.printable(error))) : new Cancelled();
    }

    private Throwable timedOut(@Nullable Throwable cause) {
        return new MigrationTimeout(
                this + " was cancelled after its time limit of "
                        + config.timeoutOf(version()).orElseThrow() + (cause == null ? " and did not stop" : ""),
                cause);
    }

    /** Gives up waiting for the part: whatever it does from now on counts for nothing. */
    final void giveUp() {
        if (committed) {
            settle(new Done());
        } else {
            settle(cancellation == Cancellation.TIMEOUT ? Failed.with(timedOut(null)) : new Cancelled());
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

    /** What came of it; to be asked after it has finished. */
    final synchronized Outcome outcome() {
        if (outcome == null) {
            throw new IllegalStateException(this + " has not finished");
        }
        return outcome;
    }

    final synchronized boolean isSettled() {
        return outcome != null;
    }

    /** Asks the attempt to stop; the first reason stays. */
    final synchronized void cancel(Cancellation reason) {
        if (cancellation == null) {
            cancelledAt = config.surroundings().nanoTime();
            cancellation = reason;
        }
    }

    /** For how long it has been told to stop, in nanoseconds. */
    final synchronized long cancelledFor(long now) {
        return cancellation == null ? 0 : now - cancelledAt;
    }

    final @Nullable Cancellation cancellation() {
        return cancellation;
    }

    final String progress() {
        return progress;
    }

    @Override
    public final long version() {
        return info.version();
    }

    @Override
    public final String name() {
        return info.name();
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
        return held.epoch().number();
    }

    @Override
    public final Epoch epoch() {
        return held.epoch();
    }

    @Override
    public final void committed() {
        committed = true;
    }

    /** Whether the outcome is durable without a write of the engine's. */
    final boolean isCommitted() {
        return committed;
    }

    @Override
    public final <T> T service(Class<T> type) {
        return config.services().get(type);
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
                            + Texts.shorten(json, 200)
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
            json = Texts.wellFormedJson(Json.MAPPER.writeValueAsString(checkpoint));
        } catch (JsonProcessingException e) {
            throw new CheckpointException(
                    "the checkpoint of " + this + ", a " + checkpoint.getClass().getName()
                            + ", cannot be written as JSON: use a text, a number, or a record of such",
                    e);
        }
        int bytes = json.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > KbRecord.MAX_CHECKPOINT_BYTES) {
            throw new CheckpointException("the checkpoint of " + this + " has " + bytes + " bytes as JSON; at most "
                    + KbRecord.MAX_CHECKPOINT_BYTES + " are kept: save where you got to, not what you found");
        }
        return json;
    }

    @Override
    public final void checkpointSaved(String json) {
        savedCheckpoint = json;
    }

    @Override
    public final void progress(String message) {
        progress = Texts.shorten(message, 200);
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

    /** The exception that tells the migration to stop. */
    final MigrationCancelledException cancelled(Cancellation reason) {
        return new MigrationCancelledException(this + " was cancelled: "
                + switch (reason) {
                    case LOST -> held.lostBecause();
                    case CLOSING -> "this replica closes";
                    case TIMEOUT -> "it has run for too long";
                    case GONE -> "the KB is not enrolled any more";
                });
    }

    /** Calls the store with no interrupt: one during file I/O would close an embedded database's file. */
    private <T> @Nullable T shielded(Supplier<@Nullable T> call) {
        Slot current = slot;
        if (current == null) {
            return call.get();
        }
        return current.shielded(call);
    }
}
