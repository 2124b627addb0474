package dev.kbmigrator.internal.coordinator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.Migration;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.execution.Execution;
import dev.kbmigrator.internal.execution.Execution.Cancellation;
import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.GlobalPartRecord;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An attempt at the global part of a migration. Its record is a document ({@link GlobalPartRecord}). */
final class GlobalExecution extends Execution {

    private final Context context;
    private final FleetView view;
    private final String document;

    /**
     * What all attempts of one coordinator share.
     *
     * @param environment time
     * @param services what migrations can ask for
     * @param documents where the records are kept
     * @param identity who this replica is
     * @param onFinished what to call when an attempt has finished
     */
    record Context(
            Environment environment,
            Services services,
            DocumentUpdate documents,
            Identity identity,
            Runnable onFinished) {}

    /**
     * Prepares an attempt.
     *
     * @param view the view that shows that the part is due
     * @param failures how many attempts have failed
     */
    GlobalExecution(Context context, HeldScope scope, FleetView view, MigrationCatalog.Entry migration, int failures) {
        super(context.environment(), context.services(), scope, migration, failures + 1);
        this.context = context;
        this.view = view;
        this.document = GlobalPartRecord.documentOf(version());
    }

    @Override
    public long fromVersion() {
        return view.state().current();
    }

    @Override
    public long incarnation() {
        return 0;
    }

    @Override
    public Optional<Document> doneRecord() {
        return changed(this::markDone);
    }

    @Override
    public Optional<Document> checkpointRecord(String json) {
        return changed(record -> GlobalPartRecord.checkpointed(record, json));
    }

    /** Returns the record as it is to be written by a transaction of the migration's own. */
    private Optional<Document> changed(Consumer<ObjectNode> change) {
        Document before = context.documents().find(document);
        ObjectNode record = before == null ? Json.object() : Json.read(before);
        change.accept(record);
        return Optional.of(new Document(document, before == null ? 0 : before.revision(), record.toString()));
    }

    /** Records that the part is done, unless it has committed that itself. Returns false when another coordinator has taken over. */
    boolean recordDone() {
        return isCommitted() || update(this::markDone);
    }

    private void markDone(ObjectNode record) {
        GlobalPartRecord.done(
                record, context.identity().id(), context.identity().build(), storeMicros());
    }

    /** Records that the part has failed. Returns false when another coordinator has taken over. */
    boolean recordFailure(String error, Duration retryAfter) {
        long now = storeMicros();
        return update(record -> GlobalPartRecord.failed(record, attempt(), error, now, retryAfter));
    }

    private long storeMicros() {
        return view.storeMicrosAt(environment.nanoTime());
    }

    @Override
    protected void call(Migration part) throws Exception {
        part.migrate(this);
    }

    @Override
    protected void finished() {
        context.onFinished().run();
    }

    @Override
    protected @Nullable String readCheckpoint() {
        return GlobalPartRecord.read(context.documents(), version()).checkpoint();
    }

    @Override
    protected void writeCheckpoint(String json) {
        if (!update(record -> GlobalPartRecord.checkpointed(record, json))) {
            cancel(Cancellation.LOST);
            throw cancelled(Cancellation.LOST);
        }
    }

    /** Changes the record under the coordinator's epoch; returns false when another coordinator has taken over. */
    private boolean update(Consumer<ObjectNode> change) {
        return context.documents().update(document, epoch(), change) != DocumentUpdate.Outcome.FENCED;
    }

    @Override
    public String toString() {
        return info() + ", global part, attempt " + attempt();
    }
}
