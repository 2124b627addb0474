package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Strings;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An attempt at the global part of a migration. Its record is a document: failures, the next attempt, the checkpoint. */
final class GlobalBody extends Body {

    private static final String PREFIX = "global/";

    private final View view;
    private final Runnable onFinished;

    /** An attempt at the global part that the view shows to be due; with how many have failed. */
    GlobalBody(EngineConfig config, Held held, View view, int failures, Runnable onFinished) {
        super(
                config,
                held,
                Objects.requireNonNull(Plans.at(view.state().plan(), view.stageEnd())),
                Objects.requireNonNull(config.catalog().get(view.stageEnd())),
                failures + 1);
        this.view = view;
        this.onFinished = onFinished;
    }

    @Override
    public long fromVersion() {
        return view.state().current();
    }

    @Override
    public Optional<Document> doneRecord() {
        return changed(this::markDone);
    }

    @Override
    public Optional<Document> checkpointRecord(String json) {
        return changed(record -> record.put("checkpoint", json));
    }

    private Optional<Document> changed(Consumer<ObjectNode> change) {
        Document before = config.store().document(documentOf(version())).orElse(null);
        ObjectNode record = before == null ? Json.object() : Json.read(before);
        change.accept(record);
        return Optional.of(
                new Document(documentOf(version()), before == null ? 0 : before.revision(), record.toString()));
    }

    /** Writes down that the part is done; nothing is to be written when it has committed that itself. */
    boolean recordDone() {
        return isCommitted() || update(this::markDone);
    }

    private void markDone(ObjectNode record) {
        record.put("done", true)
                .put("instance", config.identity().id())
                .put("build", config.identity().build())
                .put("finishedMicros", storeMicros());
    }

    /** Writes down that the part failed, and when the next attempt is due. */
    boolean recordFailure(Body.Failed failure, Duration retryAfter) {
        long now = storeMicros();
        return update(record -> record.put("failures", attempt())
                .put("error", failure.printed().text())
                .put("failedMicros", now)
                .put("dueMicros", now + TimeUnit.NANOSECONDS.toMicros(retryAfter.toNanos())));
    }

    private long storeMicros() {
        return view.storeMicrosAt(config.surroundings().nanoTime());
    }

    /** The name of the record of a version's global part. */
    static String documentOf(long version) {
        return PREFIX + Strings.padStart(Long.toString(version), 19, '0');
    }

    /** The record of a version's global part; empty when nothing is on record. */
    static ObjectNode read(StateStore store, long version) {
        return store.document(documentOf(version)).map(Json::read).orElseGet(Json::object);
    }

    /** The record of the global part that stands next, if that has failed; empty when none has. */
    static Optional<ObjectNode> failureThatStands(StateStore store, View view) {
        long version = view.stageEnd();
        MigrationInfo info = Plans.at(view.state().plan(), version);
        if (version <= view.state().current() || info == null || !info.globalPart() || !view.allKbsReached(version)) {
            return Optional.empty();
        }
        ObjectNode record = read(store, version);
        boolean stands =
                record.path("failures").asInt() > 0 && !record.path("done").asBoolean();
        return stands ? Optional.of(record.put("migration", info.toString())) : Optional.empty();
    }

    /** Says how often it has failed, and what it said. */
    static String describeFailure(ObjectNode record) {
        return record.path("migration").asText() + " has failed "
                + record.path("failures").asInt()
                + " times, the last time with "
                + record.path("error").asText().lines().findFirst().orElse("");
    }

    @Override
    void call() throws Exception {
        migration.migrate(this);
    }

    @Override
    void finished() {
        onFinished.run();
    }

    @Override
    @Nullable
    String readCheckpoint() {
        ObjectNode json = read(config.store(), version());
        return json.hasNonNull("checkpoint") ? json.get("checkpoint").asText() : null;
    }

    @Override
    void writeCheckpoint(String json) {
        if (!update(record -> record.put("checkpoint", json))) {
            cancel(Cancellation.LOST);
            throw cancelled(Cancellation.LOST);
        }
    }

    /** Changes the record under the coordinator's epoch; answers false when another coordinator has taken over. */
    private boolean update(Consumer<ObjectNode> change) {
        for (int attempts = 0; attempts < 5; attempts++) {
            Document before = config.store().document(documentOf(version())).orElse(null);
            ObjectNode record = before == null ? Json.object() : Json.read(before);
            change.accept(record);
            long revision = before == null ? 0 : before.revision();
            if (config.store().compareAndSet(documentOf(version()), revision, record.toString(), held.epoch())) {
                return true;
            }
            Document after = config.store().document(documentOf(version())).orElse(null);
            if ((after == null ? 0 : after.revision()) == revision) {
                // Nobody changed the record: it was the fence that refused
                return false;
            }
        }
        throw new StateStoreException("the record of " + this + " is changed by others again and again");
    }

    @Override
    public String toString() {
        return info + ", global part, attempt " + attempt();
    }
}
