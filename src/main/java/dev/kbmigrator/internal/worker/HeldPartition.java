package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.state.KbRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A partition that a worker holds, and what is under way in it. Belongs to the worker's thread; only the scope is shared. */
final class HeldPartition {

    private final HeldScope scope;

    /** The KBs that are queued, running or not yet durable. */
    private final Set<String> inFlight = new HashSet<>();

    /**
     * The requests for KBs that are under way, by KB. A request is deleted only when it is answered: before that, this replica may stop,
     * or lose the partition.
     */
    private final Map<String, KbRequest> served = new HashMap<>();

    /** Requests that are answered and are to be deleted. */
    private final List<KbRequest> answered = new ArrayList<>();

    /** Requests that were deleted, although an older view may still show them. */
    private final Set<KbRequest> deleted = new HashSet<>();

    private boolean hasSkipped;
    private boolean hasProgressed;

    HeldPartition(HeldScope scope) {
        this.scope = scope;
    }

    HeldScope scope() {
        return scope;
    }

    /** Returns the number of the partition. */
    int partition() {
        return scope.scope();
    }

    /** Returns whether nothing is queued, running or unwritten. */
    boolean isQuiet() {
        return inFlight.isEmpty();
    }

    int inFlight() {
        return inFlight.size();
    }

    boolean isInFlight(String kbId) {
        return inFlight.contains(kbId);
    }

    /** Starts to count a KB as under way; returns whether it was not before. */
    boolean begin(String kbId) {
        return inFlight.add(kbId);
    }

    /** What came of a KB that was under way is on record. */
    void settled(String kbId) {
        inFlight.remove(kbId);
        KbRequest request = served.remove(kbId);
        if (request != null) {
            answered.add(request);
        }
    }

    /** Nothing came of a KB that was under way. */
    void dropped(String kbId) {
        inFlight.remove(kbId);
        served.remove(kbId);
    }

    /** A KB that is under way was requested. */
    void serves(KbRequest request) {
        served.put(request.kbId(), request);
    }

    List<KbRequest> answered() {
        return answered;
    }

    void deleted(KbRequest request) {
        deleted.add(request);
    }

    boolean isDeleted(KbRequest request) {
        return deleted.contains(request);
    }

    /** A KB that is due was left alone, so that the floor must not rise. */
    void skip() {
        hasSkipped = true;
    }

    boolean hasSkipped() {
        return hasSkipped;
    }

    /** Something has moved while the partition was held. */
    void progressed() {
        hasProgressed = true;
    }

    boolean hasProgressed() {
        return hasProgressed;
    }
}
