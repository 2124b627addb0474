package dev.kbmigrator;

import java.util.Collection;
import java.util.stream.Stream;

/** The host's own list of its KBs. Called from the library's threads, by one replica at a time most of the time. */
@FunctionalInterface
public interface KnowledgeBoxes {

    /**
     * Every KB of the host. The stream is read lazily and closed by the engine. KBs that nobody registered are enrolled at
     * the baseline version. An exception half-way makes the listing incomplete: what it listed so far counts, and nothing is
     * concluded from what it did not.
     *
     * @return the ids, in any order; duplicates do no harm
     * @throws Exception when the list cannot be had now: it is asked for again later
     */
    Stream<String> ids() throws Exception;

    /**
     * Which of some KBs exist now. Asked before KBs are run, and again before a failure is recorded, so that a KB that was
     * deleted in the middle is dropped rather than failed. Override it when it can be answered cheaply.
     *
     * @param kbIds at most 1,024 ids
     * @return those that exist; by default all of them
     * @throws Exception when it cannot be told now: then they count as existing
     */
    default Collection<String> existing(Collection<String> kbIds) throws Exception {
        return kbIds;
    }
}
