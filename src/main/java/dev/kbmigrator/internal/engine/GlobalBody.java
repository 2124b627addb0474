package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** An attempt at the global part of a migration. Its record is a document: failures, the next attempt, the checkpoint. */
final class GlobalBody extends Body {

    private static final String PREFIX = "global/";

    private final Runnable onFinished;

    GlobalBody(
            EngineConfig config,
            Held held,
            MigrationInfo info,
            Migration migration,
            int failures,
            Runnable onFinished) {
        super(config, held, info, migration, failures + 1);
        this.onFinished = onFinished;
    }

    /** The name of the record of a version's global part. */
    static String documentOf(long version) {
        return PREFIX + String.format("%019d", version);
    }

    /** The record of a version's global part; empty when nothing is on record. */
    static ObjectNode read(StateStore store, long version) {
        return store.document(documentOf(version)).map(Json::read).orElseGet(Json::object);
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
    boolean update(Consumer<ObjectNode> change) {
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
