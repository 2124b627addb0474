package dev.kbmigrator.spi;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which KBs to list, and which page of them. Immutable.
 *
 * @param partitions the partitions to look in
 * @param selection which KBs of these partitions to list
 * @param belowVersion lists only KBs whose version is below this
 * @param due for {@link Selection#DUE}: which of the KBs with a {@link KbRecord} to list; otherwise ignored
 * @param after where the previous page ended, or null for the first page; a cursor is valid only if all other parameters stay
 *     the same
 * @param limit the most KBs to return, at least 1
 */
public record PageQuery(
        Set<Integer> partitions,
        Selection selection,
        long belowVersion,
        DueFilter due,
        @Nullable Cursor after,
        int limit) {

    /** Which of the KBs below the version to list. */
    public enum Selection {
        /** KBs without a {@link KbRecord}, and KBs whose next attempt is due. */
        DUE,
        /** KBs that are set aside, or whose {@link KbRecord} counts at least one failure or has the text of an error. */
        FAILING,
        /** All KBs. */
        ALL
    }

    /**
     * Creates a query. The set of partitions is copied.
     *
     * @param partitions the partitions to look in
     * @param selection which KBs of these partitions to list
     * @param belowVersion lists only KBs whose version is below this
     * @param due for {@link Selection#DUE}: which of the KBs with a {@link KbRecord} to list; otherwise ignored
     * @param after where the previous page ended, or null for the first page; a cursor is valid only if all other parameters
     *     stay the same
     * @param limit the most KBs to return, at least 1
     * @throws IllegalArgumentException if the limit is less than 1
     */
    public PageQuery {
        partitions = Set.copyOf(partitions);
        if (limit < 1) {
            throw new IllegalArgumentException("limit must be at least 1, not " + limit);
        }
    }

    /**
     * Returns a query for another page of the same listing.
     *
     * @param cursor where the previous page ended, or null for the first page
     * @return a query that differs only in its cursor
     */
    public PageQuery from(@Nullable Cursor cursor) {
        return new PageQuery(partitions, selection, belowVersion, due, cursor, limit);
    }
}
