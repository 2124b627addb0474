package dev.kbmigrator.internal.worker;

import dev.kbmigrator.Migration;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.listing.HostKbs;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ErrorText;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An attempt at the KB part of a migration. */
final class KbExecution extends Execution {

    /** How the record begins of a KB whose part has run, and whose version the store does not accept. */
    static final String NOT_ACCEPTED = "the state store does not accept that this version is recorded of this KB,"
            + " although the migration returned normally: ";

    private final Context context;
    private final HeldPartition partition;
    private final KbState kb;

    /** Whom an execution tells what came of it; called by the thread that runs it. */
    interface Owner {

        /** The execution has finished. */
        void finished(KbExecution execution);

        /** Returns whether a KB that the host does not have may be removed: not while this build conflicts with the fleet. */
        boolean mayForget();

        /** Returns the text of what a part has thrown. */
        ErrorText textOf(Throwable error);

        /** A checkpoint could not be saved, and the store does not say why; returns whether it must be the checkpoint. */
        boolean isCheckpointToBlame(KbExecution execution);

        /** The store has refused a write, because another replica has taken the partition over. */
        void takenOver(HeldPartition partition);
    }

    /**
     * What all executions of one worker share.
     *
     * @param environment time
     * @param services what migrations can ask for
     * @param store where checkpoints are kept
     * @param host knows which KBs exist
     * @param owner the worker
     */
    record Context(Environment environment, Services services, StateStore store, HostKbs host, Owner owner) {}

    KbExecution(Context context, HeldPartition partition, KbState kb, MigrationCatalog.Entry migration) {
        super(
                context.environment(),
                context.services(),
                partition.scope(),
                migration,
                failuresAt(kb, migration.info().version()) + 1);
        this.context = context;
        this.partition = partition;
        this.kb = kb;
    }

    private static int failuresAt(KbState kb, long version) {
        KbRecord record = kb.record();
        return record == null || record.version() != version ? 0 : record.failures();
    }

    /** Returns whether the store did not accept it when this version was to be recorded before. */
    boolean wasNotAccepted() {
        KbRecord record = kb.record();
        String error = record == null || record.version() != version() ? null : record.error();
        return error != null && error.startsWith(NOT_ACCEPTED);
    }

    String kb() {
        return kb.kbId();
    }

    HeldPartition partition() {
        return partition;
    }

    @Override
    public long fromVersion() {
        return kb.version();
    }

    @Override
    public long incarnation() {
        return kb.incarnation();
    }

    @Override
    public Optional<Document> doneRecord() {
        return Optional.empty();
    }

    @Override
    public Optional<Document> checkpointRecord(String json) {
        return Optional.empty();
    }

    @Override
    protected void call(Migration part) throws Exception {
        part.migrateKb(this, kb.kbId());
    }

    @Override
    protected boolean isGone() {
        return context.owner().mayForget() && context.host().isGone(kb.kbId());
    }

    @Override
    protected ErrorText textOf(Throwable error) {
        return context.owner().textOf(error);
    }

    @Override
    protected void finished() {
        context.owner().finished(this);
    }

    @Override
    public Optional<String> kbId() {
        return Optional.of(kb.kbId());
    }

    @Override
    protected @Nullable String readCheckpoint() {
        KbRecord before = kb.record();
        if (before == null || !before.checkpointed() || before.version() != version()) {
            return null;
        }
        KbState stored = context.store().find(Set.of(kb.kbId())).get(kb.kbId());
        KbRecord record = stored == null || stored.incarnation() != kb.incarnation() ? null : stored.record();
        return record == null || record.version() != version() ? null : record.checkpoint();
    }

    @Override
    protected void writeCheckpoint(String json) {
        KbWrite write = new KbWrite.Checkpointed(kb.kbId(), kb.incarnation(), kb.version(), version(), json);
        WriteResult result = write(write);
        if (!result.staleScopes().isEmpty()) {
            context.owner().takenOver(partition);
            cancel(Cancellation.LOST);
            throw cancelled(Cancellation.LOST);
        }
        WriteResult.NotDone notDone = result.exceptions().get(kb.kbId());
        if (notDone instanceof WriteResult.Gone) {
            cancel(Cancellation.GONE);
            throw cancelled(Cancellation.GONE);
        }
        if (notDone != null) {
            cancel(Cancellation.LOST);
            throw cancelled("another replica has moved the KB's version: " + notDone);
        }
    }

    private WriteResult write(KbWrite checkpoint) {
        try {
            return context.store().write(Set.of(epoch()), List.of(checkpoint));
        } catch (RuntimeException e) {
            if (Kind.of(e) == Kind.UNKNOWN && context.owner().isCheckpointToBlame(this)) {
                throw notAccepted(e);
            }
            throw e;
        }
    }

    @Override
    public String toString() {
        return info() + " of KB " + ShortText.shown(kb.kbId(), 100) + ", attempt " + attempt();
    }
}
