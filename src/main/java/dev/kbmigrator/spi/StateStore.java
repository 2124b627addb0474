package dev.kbmigrator.spi;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the state of the fleet: the version of every KB, the epochs, and a few small documents.
 *
 * <p>Every promise of the library rests on rules 0 to 6, which are properties: it does not matter how a store achieves them. The
 * guide ({@code docs/implementing-the-spis.md}) has two recipes for each, one with row locks and one with optimistic commits. Rules 7 to 10 say what else the engine expects.
 * The contract tests in the test kit check all of them and name the rule when they fail:
 *
 * <ol start="0">
 *   <li><b>Reads.</b> Reads are linearizable: a read sees every write that was acknowledged before the read began, whichever
 *       replica made it. What was acknowledged survives a crash and a failover of the service.
 *   <li><b>The fence.</b> A write that carries an epoch commits only while that epoch is the newest of its scope <em>at the
 *       commit</em>. Once {@link #openEpochs} has returned, no write with an older epoch can commit, not even one that was sent
 *       before. A KB whose partition has no epoch in the batch is not written. {@link #write} is atomic per partition.
 *   <li><b>Versions.</b> A KB's version changes only by compare-and-set, only upwards, and never for a KB that is not enrolled
 *       or that is another {@linkplain KbState#incarnation() incarnation} than the write was meant for. Versions are 64-bit
 *       integers: all values up to {@link Long#MAX_VALUE} are distinct, also those that a {@code double} cannot tell apart.
 *   <li><b>Floors.</b> A partition's floor is never above the version of a KB that has no {@link KbRecord}. This holds whichever
 *       enrolments, advances and raises overlap, and whenever they commit.
 *   <li><b>Pages.</b> A listing loses no KB: a KB that matches the query from the first page to the last appears on at least one
 *       page. A page may be short, or empty, and still have a successor.
 *   <li><b>Looks.</b> A {@link #look} shows the state of one instant, or it reads its parts in this order: documents, then
 *       floors, then records. In the opposite order, a KB that fails in between is in neither part. A thorough look reads the
 *       lowest versions and the records at one instant, or in one pass over the KBs.
 *   <li><b>Clocks.</b> One clock says when something happened and what is due. If the store has none, the synchronised clocks of
 *       the hosts will do: only retry times, the times of replicas and grace periods depend on it.
 *   <li><b>Records.</b> A KB has at most one record, which keeps the failure and the checkpoint of the same version, and goes
 *       when the KB's version moves.
 *   <li><b>Documents.</b> A document changes by compare-and-set. A revision is never used twice for the same name.
 *   <li><b>Texts.</b> KB ids and names are compared byte by byte. Texts come back as they were written.
 *   <li><b>Lists.</b> {@link #maxBatch} limits only the writes of one batch. Every other list may be longer.
 * </ol>
 *
 * <p>Implementations are safe for use by many threads. A call that fails throws {@link StateStoreException}; other unchecked
 * exceptions are treated alike. It is then <em>unknown</em> whether the call took effect, and the engine reads the state back.
 * A call may block for as long as the store's own time limits allow, but must not wait for another replica's work.
 *
 * <p>The engine passes only well-formed KB ids: not blank, at most 255 UTF-8 bytes, without NUL and without lone surrogates.
 * A store compares KB ids byte by byte.
 */
public interface StateStore {

    /**
     * Announces this replica and returns the shared state, in one round trip if the store can do that. Creates what the store
     * needs, such as its tables, if it does not exist yet.
     *
     * @param heartbeat the replica that looks, its report, and which KBs count as due; the store writes nothing for an
     *     {@link Heartbeat#observer}
     * @return the shared state, as of one instant if the store can do that; otherwise its parts are read in the order documents,
     *     floors, records (rule 5)
     */
    Snapshot look(Heartbeat heartbeat);

    /**
     * Reads the reports of all listed replicas that have reported something. Only {@code status()} does this: reports are no part
     * of a look, so that a look costs no more with many replicas.
     *
     * @return the reports, in any order
     */
    List<ReplicaReport> replicaReports();

    /**
     * Removes a replica from the list, because it closes or because an operator knows that it is gone. Does nothing if the
     * replica is not listed.
     *
     * @param replicaId the replica's id
     */
    void forgetReplica(String replicaId);

    /**
     * Opens a new epoch for each scope. The number of an epoch is never issued twice for its scope, not even after a failover or
     * a restart. As a defence in depth, a store may issue the larger of the last number plus one and its clock in microseconds:
     * then a store that has lost its memory does not repeat a number. Waits for writes under the old epochs that are about to commit, so that none of them
     * commits after this method has returned.
     *
     * @param scopes partitions, {@link Epoch#COORDINATOR}, or both: up to 257, however small {@link #maxBatch} is
     * @return for each scope, an epoch with a higher number than any before
     */
    Map<Integer, Epoch> openEpochs(Set<Integer> scopes);

    /**
     * Enrols KBs at a version. A KB that is enrolled already does not change. A KB that is enrolled behind its partition's
     * floor gets a {@link KbRecord} for version {@code version + 1} that is due at once and has no failure.
     *
     * <p>Each KB that the call enrols gets a {@linkplain KbState#incarnation() number} of its own, which no earlier enrolment of
     * the same id has had, not even one that was removed since. A counter that is never set back will do, or a random number of
     * 63 bits.
     *
     * @param kbIds any number of KBs, also more than {@link #maxBatch}; duplicates count once
     * @param version the version that they start at, at least 0
     * @return the KBs that this call enrolled
     */
    Set<String> enroll(Collection<String> kbIds, long version);

    /**
     * Removes KBs and their records. Ignores KBs that are not enrolled.
     *
     * @param kbIds any number of KBs
     */
    void remove(Collection<String> kbIds);

    /**
     * Reads KBs, with their records and the texts of their checkpoints.
     *
     * @param kbIds any number of KBs
     * @return the states by KB id, without the KBs that are not enrolled
     */
    Map<String, KbState> find(Collection<String> kbIds);

    /**
     * Lists KBs, one page per call. A KB that matches the query from the first page to the last appears at least once. The
     * order is up to the store.
     *
     * @param query which KBs to list, and where to continue
     * @return a page
     */
    Page page(PageQuery query);

    /**
     * Counts enrolled KBs. This call may read every KB, so the engine makes it rarely: for reports and when it reads the host's
     * list.
     *
     * @param belowVersion counts only KBs whose version is below this; {@link Long#MAX_VALUE} counts all
     * @return the number of KBs
     */
    long count(long belowVersion);

    /**
     * Writes a batch. The writes to the KBs of one partition happen in one transaction with the check of that partition's epoch:
     * all of them, except those that the result names, or none.
     *
     * <p>A scope is <em>stale</em> if the batch carries an epoch for it that is not the newest. The partition of a KB for which
     * the batch carries no epoch is stale, too: nothing is ever written without a fence. No KB of a stale scope is written, and
     * the result names the scope. The store may write the KBs of the other scopes, or refuse the whole batch
     * ({@link WriteResult#refused(Set)}); it must not leave open which.
     *
     * @param epochs the epochs under which the batch is written, one for the partition of each KB
     * @param writes at most {@link #maxBatch()} writes, at most one per KB
     * @return what was written and what was not
     */
    WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes);

    /**
     * Raises floors, and never lowers one. A floor rises only if every KB of the partition is at or above the
     * version at the commit, except those with a {@link KbRecord} (rule 3). A floor that a concurrent
     * enrolment holds does not change.
     *
     * @param epochs the epochs of the partitions, up to 256, however small {@link #maxBatch} is; a stale epoch raises nothing
     * @param version the version to raise the floors to
     * @return the partitions whose floor is now at or above the version
     */
    Set<Integer> raiseFloors(Collection<Epoch> epochs, long version);

    /**
     * Reads a document.
     *
     * @param name the document's name
     * @return the document, or empty if there is none
     */
    Optional<Document> document(String name);

    /**
     * Reads the documents whose names start with a prefix.
     *
     * @param prefix the start of their names, compared character by character
     * @return the documents, in the ASCII order of their names
     */
    List<Document> documents(String prefix);

    /**
     * Reads some of the documents whose names start with a prefix: the first ones after a name. Where there can be many, a store
     * should override this method, which reads all of them.
     *
     * @param prefix the start of their names, compared character by character
     * @param after lists only names above this one, in ASCII order; empty lists from the first
     * @param limit the most documents to return, at least 1
     * @return the documents, in the ASCII order of their names; fewer than the limit only if there are no more
     */
    default List<Document> documents(String prefix, String after, int limit) {
        return documents(prefix).stream()
                .filter(document -> document.name().compareTo(after) > 0)
                .limit(limit)
                .toList();
    }

    /**
     * Creates, changes or deletes a document, if its stored revision is the expected one and the fence is current. A document
     * that is created or changed gets a {@linkplain Document#revision() revision} that no document of this name has had before,
     * not even one that was deleted since.
     *
     * @param name the document's name
     * @param expectedRevision the revision that must be stored, or 0 if there must be no document
     * @param json the new text, at most {@value Document#MAX_BYTES} UTF-8 bytes; null deletes the document
     * @param fence an epoch that must be the newest of its scope at the commit, or null
     * @return whether the document was changed; false if the document to delete does not exist
     */
    boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch fence);

    /**
     * Returns the most writes that one batch may have, which is also the best size for other lists. Other lists may be longer all
     * the same (rule 10): a store divides them itself.
     *
     * @return the number, at least 1; 256 by default
     */
    default int maxBatch() {
        return 256;
    }
}
