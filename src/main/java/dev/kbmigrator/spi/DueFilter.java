package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * Decides which of the KBs that have a {@link KbRecord} are due. A KB that was set aside is never due. Immutable.
 *
 * @param failedBefore null if a KB is due once its next attempt is due by the store's clock. Otherwise an instant in
 *     microseconds since 1970 by the store's clock: a KB is due if it last failed before that instant or has never failed,
 *     whenever its next attempt is due.
 */
public record DueFilter(@Nullable Long failedBefore) {

    /** Selects the KBs whose next attempt is due by the store's clock. */
    public static final DueFilter BY_THE_CLOCK = new DueFilter(null);

    /**
     * Returns whether a KB is due. This method is for stores that decide it in Java rather than in a query.
     *
     * @param record the KB's record
     * @param storeMicros the store's clock, in microseconds since 1970
     * @return true if the KB is to be tried now
     */
    public boolean isDue(KbRecord record, long storeMicros) {
        if (record.setAside()) {
            return false;
        }
        return failedBefore == null ? record.dueMicros() <= storeMicros : record.failedMicros() < failedBefore;
    }
}
