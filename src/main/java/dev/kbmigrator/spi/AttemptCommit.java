package dev.kbmigrator.spi;

import java.util.Optional;

/**
 * Lets an adapter commit a migration's writes and its outcome in one transaction. The engine's
 * {@link dev.kbmigrator.MigrationContext} implements it.
 *
 * <p>The adapter proceeds as follows:
 *
 * <ol>
 *   <li>It reads the {@link #doneRecord}, begins a transaction, and lets the migration make its writes.
 *   <li>When the migration has returned, it calls {@link #checkMayCommit}.
 *   <li>It moves the KB's {@link #incarnation} from {@link #fromVersion} to the context's version, or stores the
 *       {@link #doneRecord} of a global part.
 *   <li>It checks the {@link #epoch}, as the last statement of the transaction, or makes it a condition of the commit.
 *   <li>It commits, and then calls {@link #committed}.
 * </ol>
 *
 * <p>None of this needs SQL. An adapter for a key-value store collects the migration's writes, and commits them together with the
 * outcome on the condition that the epoch, the incarnation and the version are still stored.
 *
 * <p>An instance belongs to one execution. It is not thread-safe: call it only on the thread that runs the part.
 */
public interface AttemptCommit {

    /**
     * Returns the epoch under which the attempt runs. The transaction may commit only while this epoch is the newest of its
     * scope.
     *
     * @return the epoch of the KB's partition, or of the coordinator for a global part
     */
    Epoch epoch();

    /**
     * Returns the version from which the attempt started. For a KB part, the transaction may commit only if this version is
     * still stored.
     *
     * @return the KB's version, or the fleet's current version for a global part
     */
    long fromVersion();

    /**
     * Returns which enrolment of the KB the attempt runs for. For a KB part, the transaction may commit only if this incarnation
     * is still stored: a KB that has been removed and enrolled again has not been migrated by this attempt.
     *
     * @return the KB's {@link KbState#incarnation()}; 0 for a global part
     */
    long incarnation();

    /**
     * Returns the document that marks a global part as done. This method reads the store, so call it before the transaction
     * begins. Saving a checkpoint afterwards makes the returned revision stale.
     *
     * @return the document to write by compare-and-set in the transaction: its name, the revision that must be stored (0 if
     *     there must be none) and its new text; empty for a KB part, which is done once the KB's version has moved
     */
    Optional<Document> doneRecord();

    /**
     * Returns the text of a checkpoint as the store keeps it. Adapters need it when they commit a checkpoint in the same
     * transaction as some of the migration's writes.
     *
     * @param checkpoint the value that the migration saves
     * @return its JSON text, at most {@value KbRecord#MAX_CHECKPOINT_BYTES} UTF-8 bytes
     * @throws dev.kbmigrator.CheckpointException if the value cannot be written as JSON, could not be read again, or is too large
     */
    String checkpointJson(Object checkpoint);

    /**
     * Returns the document that holds a global part's checkpoint. This method reads the store, so call it before the
     * transaction begins.
     *
     * @param json the checkpoint's JSON text
     * @return the document to write by compare-and-set in the transaction, as for {@link #doneRecord}; empty for a KB part,
     *     whose checkpoint is a {@link KbWrite.Checkpointed}
     */
    Optional<Document> checkpointRecord(String json);

    /**
     * Tells the engine that a checkpoint has been committed. From now on, the context's {@code lastCheckpoint} returns it.
     *
     * @param json the checkpoint's JSON text
     */
    void checkpointSaved(String json);

    /**
     * Checks that the migration's normal return counts. A migration that was told to stop may return before it has done all of its
     * work, so what it has written since its last checkpoint must not be committed as done. It was told to stop if {@link
     * dev.kbmigrator.MigrationContext#isCancelled} returned true, if a call of its context threw {@link
     * dev.kbmigrator.MigrationCancelledException}, or if the engine interrupted its thread.
     *
     * <p>Call this method after the migration has returned and before the outcome is written, and roll back if it throws.
     *
     * @throws dev.kbmigrator.MigrationCancelledException if the migration was told to stop before it returned
     */
    void checkMayCommit();

    /**
     * Tells the engine that the outcome has been committed. The engine then writes nothing itself, and the part counts as
     * done even if it throws or is cancelled afterwards. Never call this method if the outcome of the commit is unknown: the
     * engine then reads it back from the store.
     */
    void committed();
}
