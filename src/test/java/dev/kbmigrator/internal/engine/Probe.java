package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A body that does what a test says, and counts how often it comes back. */
final class Probe extends Body {

    static final KbMigration NOTHING = KbMigration.of(1, "nothing", (context, kbId) -> {});

    final AtomicInteger returns = new AtomicInteger();
    private final Call call;

    /** What the body does while it runs. */
    interface Call {

        void run() throws Exception;
    }

    Probe(EngineConfig config, Held held, Call call) {
        super(config, held, MigrationInfo.of(NOTHING), NOTHING, 1);
        this.call = call;
    }

    @Override
    void call() throws Exception {
        call.run();
    }

    @Override
    void finished() {
        returns.incrementAndGet();
    }

    @Override
    @Nullable
    String readCheckpoint() {
        return null;
    }

    @Override
    void writeCheckpoint(String json) {}

    @Override
    public long fromVersion() {
        return 0;
    }

    @Override
    public Optional<Document> doneRecord() {
        return Optional.empty();
    }

    @Override
    public Optional<Document> checkpointRecord(String json) {
        return Optional.empty();
    }
}
