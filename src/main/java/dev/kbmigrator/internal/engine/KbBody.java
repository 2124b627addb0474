package dev.kbmigrator.internal.engine;

import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbRecord;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.WriteResult;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An attempt at the KB part of a migration. */
final class KbBody extends Body {

    private final Worker worker;
    private final KbState kb;
    private final boolean checkpointed;

    KbBody(EngineConfig config, Worker worker, Held held, KbState kb, MigrationInfo info, Migration migration) {
        super(config, held, info, migration, failuresAt(kb, info.version()) + 1);
        this.worker = worker;
        this.kb = kb;
        KbRecord attempt = kb.record();
        this.checkpointed = attempt != null && attempt.checkpointed() && attempt.version() == info.version();
    }

    private static int failuresAt(KbState kb, long version) {
        KbRecord attempt = kb.record();
        return attempt == null || attempt.version() != version ? 0 : attempt.failures();
    }

    String kb() {
        return kb.kbId();
    }

    /** The version that the KB had when the attempt began. */
    long from() {
        return kb.version();
    }

    @Override
    public long fromVersion() {
        return kb.version();
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
    void call() throws Exception {
        migration.migrateKb(this, kb.kbId());
    }

    @Override
    boolean isGone() {
        return Hosts.isGone(config, kb.kbId());
    }

    @Override
    Texts.Printed print(Throwable error) {
        return worker.print(error);
    }

    @Override
    void finished() {
        worker.finished(this);
    }

    @Override
    public Optional<String> kbId() {
        return Optional.of(kb.kbId());
    }

    @Override
    @Nullable
    String readCheckpoint() {
        if (!checkpointed) {
            return null;
        }
        KbState stored = config.store().find(Set.of(kb.kbId())).get(kb.kbId());
        KbRecord attempt = stored == null ? null : stored.record();
        return attempt == null || attempt.version() != version() ? null : attempt.checkpoint();
    }

    @Override
    void writeCheckpoint(String json) {
        WriteResult result = config.store()
                .write(
                        Set.of(held.epoch()),
                        List.of(new KbWrite.Checkpointed(kb.kbId(), kb.version(), version(), json)));
        if (result.refused()) {
            worker.fenced(held);
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
            throw new MigrationCancelledException(this + ": the KB's version was moved by another: " + notDone);
        }
    }

    @Override
    public String toString() {
        return info + " of KB " + Texts.shorten(kb.kbId(), 100) + ", attempt " + attempt();
    }
}
