package dev.kbmigrator.spi;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where the truth is kept: the version of every KB, the epochs, and a few small documents.
 *
 * <p>Four rules carry every promise of the library; the contract tests in the test kit check them:
 *
 * <ol>
 *   <li>A write that carries an epoch commits only while that epoch is the newest of its scope <em>at the commit</em>: once
 *       {@link #openEpochs} has returned, no write with an older epoch can commit any more, not even one that was sent before.
 *   <li>A KB's version changes only by compare-and-set, only upwards, and never for a KB that is not enrolled.
 *   <li>A partition's floor is never above the version of a KB in it that has no {@link KbRecord} on record, whatever
 *       enrolments, advances and raises overlap, and whenever they commit.
 *   <li>A page loses no KB: each KB that is to be listed during the whole pass is listed at least once.
 * </ol>
 *
 * <p>Implementations are safe for use by many threads. A call that fails throws {@link StateStoreException} (other unchecked
 * exceptions are treated alike), and then it is <em>unknown</em> whether it took effect: the engine reads back. A call may
 * block for as long as the store's own time limits allow; it must not wait for another replica's work. KB ids reach a store
 * well-formed: not blank, at most 255 UTF-8 bytes, no NUL, no lone surrogate. They are compared as bytes.
 */
public interface StateStore {

    /**
     * Announces this replica and answers what there is to do, in one round trip where the store can. Creates what the store
     * needs (its tables) when it is not there yet.
     *
     * @param self who looks, and what counts as due
     * @return the shared state, as of one instant or, where a store cannot do that, read part after part
     */
    Snapshot look(Heartbeat self);

    /**
     * Removes a replica from the list: it says goodbye, or an operator knows that it is gone. A replica that is not listed is
     * no error.
     *
     * @param replicaId the replica
     */
    void forgetReplica(String replicaId);

    /**
     * Opens a new epoch for each scope. Waits for writes under the old epochs that are about to commit, so that none of them
     * commits after this has returned.
     *
     * @param scopes partitions, or {@link Epoch#COORDINATOR}
     * @return for each scope an epoch with a higher number than any before
     */
    Map<Integer, Epoch> openEpochs(Set<Integer> scopes);

    /**
     * Makes KBs known at a version. A KB that is enrolled already is left as it is. A KB that is enrolled behind its
     * partition's floor gets an {@link KbRecord} that is due at once, at version {@code version + 1}, with no failure.
     *
     * @param kbIds any number; duplicates count once
     * @param version at least 0
     * @return those that were enrolled by this call
     */
    Set<String> enroll(Collection<String> kbIds, long version);

    /**
     * Forgets KBs with all that is on record of them. A KB that is not enrolled is no error.
     *
     * @param kbIds any number
     */
    void remove(Collection<String> kbIds);

    /**
     * Reads KBs, with their attempts and the texts of their checkpoints.
     *
     * @param kbIds any number
     * @return the states of those that are enrolled
     */
    Map<String, KbState> find(Collection<String> kbIds);

    /**
     * Lists KBs. Every KB that meets the request during the whole pass appears at least once; the order is free.
     *
     * @param request which KBs, and where to go on
     * @return a page
     */
    Page page(PageQuery request);

    /**
     * Counts enrolled KBs; a call for people, which may read every KB.
     *
     * @param belowVersion only those whose version is below this; {@link Long#MAX_VALUE} counts all
     * @return how many
     */
    long count(long belowVersion);

    /**
     * Writes a batch, all in one transaction with the check of the epochs.
     *
     * @param epochs the epochs under which the writes are made; they cover the partition of each KB
     * @param writes at most {@link #maxBatch()}, at most one a KB
     * @return what became of them
     */
    WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes);

    /**
     * Raises floors, each only if a look made under an exclusive lock on it finds no KB of its partition below the version,
     * but for those that have an {@link KbRecord} on record. A floor that an enrolment under way holds is left as it is. Never
     * lowers.
     *
     * @param epochs the epochs of the partitions; a stale one raises nothing
     * @param version the floor to raise to
     * @return the partitions whose floor is at the version or above it now
     */
    Set<Integer> raiseFloors(Collection<Epoch> epochs, long version);

    /**
     * Reads a document.
     *
     * @param name its name
     * @return the document, if it is there
     */
    Optional<Document> document(String name);

    /**
     * Reads documents.
     *
     * @param prefix how their names start
     * @return them, ordered by name
     */
    List<Document> documents(String prefix);

    /**
     * Makes, changes or deletes a document, if it is as expected.
     *
     * @param name its name
     * @param expectedRevision the revision that must be stored; 0: there must be none
     * @param json the new text, at most {@value Document#MAX_BYTES} UTF-8 bytes; null deletes
     * @param fence an epoch that must be current at the commit, or null
     * @return whether it was changed: deleting one that is not there changes nothing
     */
    boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence);

    /**
     * The most writes that a batch takes, and the best size of other lists; at least 1.
     *
     * @return the number; 256 by default
     */
    default int maxBatch() {
        return 256;
    }
}
