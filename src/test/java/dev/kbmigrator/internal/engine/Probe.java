package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A body that does what a test says, and counts how often it comes back. */
final class Probe extends Body {

    static final KbMigration NOTHING = KbMigration.of(1, "nothing", (context, kbId) -> {});

    final AtomicInteger returns = new AtomicInteger();

    /** What it has saved, the latest last. */
    final List<String> checkpoints = new ArrayList<>();

    /** What happens while it saves. */
    Runnable whileSaving = () -> {};

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
        return checkpoints.isEmpty() ? null : checkpoints.get(checkpoints.size() - 1);
    }

    @Override
    void writeCheckpoint(String json) {
        checkpoints.add(json);
        whileSaving.run();
    }

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
