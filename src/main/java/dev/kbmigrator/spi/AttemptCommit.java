package dev.kbmigrator.spi;

import java.util.Optional;

/**
 * What the engine's {@link dev.kbmigrator.MigrationContext} can do besides, for adapters that commit a migration's writes and
 * its outcome in one transaction. The adapter checks the {@link #epoch} in that transaction, as its last statement, moves the
 * KB from {@link #fromVersion} to the context's version (or stores the {@link #doneRecord}), commits, and then calls
 * {@link #committed}. It belongs to one attempt, and to the thread that runs it.
 */
public interface AttemptCommit {

    /**
     * The epoch under which the attempt runs: the transaction may commit only while it is the newest of its scope.
     *
     * @return the epoch of the KB's partition, or of the coordinator for a global part
     */
    Epoch epoch();

    /**
     * From where the attempt started.
     *
     * @return the version that the KB had, which must still be stored; for a global part the fleet's current version
     */
    long fromVersion();

    /**
     * What says that a global part is done. Reads the store: call it before the transaction begins. What the attempt saves as
     * a checkpoint after that makes the revision a stale one.
     *
     * @return the document to compare-and-set in the transaction: its name, the revision that must be stored (0: there must
     *     be none) and its new text; empty in the part for a KB, which is done when its version has moved
     */
    Optional<Document> doneRecord();

    /**
     * A checkpoint as it is stored, for adapters that commit it in the same transaction as a part of the migration's writes.
     *
     * @param checkpoint what the migration wants to be saved
     * @return its JSON text, at most {@value KbRecord#MAX_CHECKPOINT_BYTES} UTF-8 bytes
     * @throws dev.kbmigrator.CheckpointException when the value cannot be written as JSON, or is too large
     */
    String checkpointJson(Object checkpoint);

    /**
     * What holds a global part's checkpoint. Reads the store: call it before the transaction begins.
     *
     * @param json the checkpoint's JSON text
     * @return the document to compare-and-set in the transaction, as {@link #doneRecord}; empty in the part for a KB, whose
     *     checkpoint is a {@link KbWrite.Checkpointed}
     */
    Optional<Document> checkpointRecord(String json);

    /**
     * Says that a checkpoint has been committed: the context's {@code lastCheckpoint} answers it from now on.
     *
     * @param json the checkpoint's JSON text
     */
    void checkpointSaved(String json);

    /**
     * Says that the outcome has been committed: the engine makes no write of its own, and the part counts as done, even if it
     * throws or is cancelled from then on. Never call it for a commit whose outcome is unknown: the engine finds out.
     */
    void committed();
}
