package dev.kbmigrator.spi;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which KBs to list.
 *
 * @param partitions the partitions to look in
 * @param selection which KBs of theirs
 * @param belowVersion only those whose version is below this
 * @param due for {@link Selection#DUE}: which of those with an {@link KbRecord} count; ignored otherwise
 * @param after where the page before ended, or null for the first; a cursor is good for the same other parameters only
 * @param limit the most KBs to return, at least 1
 */
public record PageQuery(
        Set<Integer> partitions,
        Selection selection,
        long belowVersion,
        DueFilter due,
        @Nullable Cursor after,
        int limit) {

    /** Which of the KBs below the version are listed. */
    public enum Selection {
        /** Those without an {@link KbRecord}, and those whose attempt is due. */
        DUE,
        /** Those that have an {@link KbRecord} with at least one failure, or are set aside. */
        FAILING,
        /** All of them. */
        ALL
    }

    /**
     * Copies the partitions and checks the limit.
     *
     * @param partitions the partitions to look in
     * @param selection which KBs of theirs
     * @param belowVersion only those whose version is below this
     * @param due for {@link Selection#DUE}: which of those with an {@link KbRecord} count; ignored otherwise
     * @param after where the page before ended, or null for the first; a cursor is good for the same other parameters only
     * @param limit the most KBs to return, at least 1
     */
    public PageQuery {
        partitions = Set.copyOf(partitions);
        if (limit < 1) {
            throw new IllegalArgumentException("limit is at least 1, not " + limit);
        }
    }

    /**
     * The next page of the same pass.
     *
     * @param cursor where this page ended
     * @return the request for the page after
     */
    public PageQuery from(@Nullable Cursor cursor) {
        return new PageQuery(partitions, selection, belowVersion, due, cursor, limit);
    }
}
