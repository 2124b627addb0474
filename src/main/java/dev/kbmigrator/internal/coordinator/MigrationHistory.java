package dev.kbmigrator.internal.coordinator;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.state.DocumentUpdate;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.spi.Epoch;
import java.util.function.Consumer;

/** What ran when, by which replica and build, and for how long: one document per version, for people to read. */
final class MigrationHistory {

    private static final String PREFIX = "history/";

    private final DocumentUpdate documents;
    private final Identity identity;
    private final Environment environment;

    MigrationHistory(DocumentUpdate documents, Identity identity, Environment environment) {
        this.documents = documents;
        this.identity = identity;
        this.environment = environment;
    }

    /** Records that KB parts may run up to a version. */
    void opened(FleetView view, long version, Epoch epoch) {
        long from = Math.max(view.state().open(), view.state().current());
        for (MigrationInfo migration : view.state().plan().between(from, version)) {
            update(migration, epoch, record -> {
                record.put("startedMicros", view.snapshot().storeMicros());
                record.put("startedAt", environment.now().toString());
                record.put("startedBy", identity.id());
                record.put("build", identity.build());
                record.put("outcome", "started");
            });
        }
    }

    /** Records that the fleet has reached a version. */
    void reached(FleetView view, long version, Epoch epoch) {
        for (MigrationInfo migration : view.state().plan().between(view.state().current(), version)) {
            update(migration, epoch, record -> {
                long now = view.snapshot().storeMicros();
                record.put("finishedMicros", now);
                record.put("finishedAt", environment.now().toString());
                record.put("finishedBy", identity.id());
                record.put("millis", (now - record.path("startedMicros").asLong(now)) / 1_000);
                record.put("outcome", "done");
            });
        }
    }

    private void update(MigrationInfo migration, Epoch epoch, Consumer<ObjectNode> change) {
        documents.rebuild(DocumentUpdate.nameOf(PREFIX, migration.version()), epoch, record -> {
            record.put("version", migration.version());
            record.put("name", migration.name());
            change.accept(record);
        });
    }
}
