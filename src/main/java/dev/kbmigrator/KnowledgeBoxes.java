package dev.kbmigrator;

import java.util.Collection;
import java.util.stream.Stream;

/**
 * The host's own list of its KBs. Implementations must be safe for use by many threads: the library calls them from its own
 * threads. Usually only one replica of the fleet lists the KBs at a time, but do not rely on that.
 */
@FunctionalInterface
public interface KnowledgeBoxes {

    /**
     * Lists every KB of the host.
     *
     * <p>The engine reads the stream lazily and closes it. KBs that are not enrolled yet are enrolled at the baseline version.
     * If the stream fails halfway, the listing is incomplete: the KBs listed so far count, and the library draws no conclusion
     * from the absence of others.
     *
     * @return the KB ids, in any order; duplicates are harmless
     * @throws Exception if the KBs cannot be listed now; the engine asks again later
     */
    Stream<String> ids() throws Exception;

    /**
     * Returns which of the given KBs exist now. The engine asks before it migrates KBs, and again before it records a failure,
     * so that a KB that was deleted during its migration is dropped instead of recorded as failing. Override this method if the
     * host can answer cheaply.
     *
     * @param kbIds at most 1,024 KB ids; the collection is a copy, which the method may modify and return
     * @return the ids of those that exist; by default, all of them
     * @throws Exception if the host cannot tell now; all of the KBs then count as existing
     */
    default Collection<String> existing(Collection<String> kbIds) throws Exception {
        return kbIds;
    }
}
