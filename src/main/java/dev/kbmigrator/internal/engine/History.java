package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.base.Strings;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Epoch;
import java.util.function.Consumer;

/** What ran, when, by which instance and build, how long, with what outcome: a document a version, for people to read. */
final class History {

    static final String PREFIX = "history/";

    private final EngineConfig config;

    History(EngineConfig config) {
        this.config = config;
    }

    /** KB parts may run up to a version. */
    void opened(View view, long version, Epoch epoch) {
        long from = Math.max(view.state().open(), view.state().current());
        for (MigrationInfo migration : Plans.between(view.state().plan(), from, version)) {
            update(migration, epoch, record -> {
                record.put("startedMicros", view.snapshot().storeMicros());
                record.put("startedAt", config.surroundings().now().toString());
                record.put("startedBy", config.identity().id());
                record.put("build", config.identity().build());
                record.put("outcome", "started");
            });
        }
    }

    /** The fleet has reached a version. */
    void reached(View view, long version, Epoch epoch) {
        for (MigrationInfo migration :
                Plans.between(view.state().plan(), view.state().current(), version)) {
            update(migration, epoch, record -> {
                long now = view.snapshot().storeMicros();
                record.put("finishedMicros", now);
                record.put("finishedAt", config.surroundings().now().toString());
                record.put("finishedBy", config.identity().id());
                record.put("millis", (now - record.path("startedMicros").asLong(now)) / 1_000);
                record.put("outcome", "done");
            });
        }
    }

    private void update(MigrationInfo migration, Epoch epoch, Consumer<ObjectNode> change) {
        String name = PREFIX + Strings.padStart(Long.toString(migration.version()), 19, '0');
        Document before = config.store().document(name).orElse(null);
        ObjectNode record = before == null ? Json.object() : Json.read(before);
        record.put("version", migration.version());
        record.put("name", migration.name());
        change.accept(record);
        config.store().compareAndSet(name, before == null ? 0 : before.revision(), record.toString(), epoch);
    }
}
