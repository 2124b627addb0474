package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * Which of the KBs that have an {@link KbRecord} on record are to be tried now.
 *
 * @param failedBefore null: those whose next attempt is due by the store's clock. Otherwise microseconds since 1970 by the
 *     store's clock: those that last failed before that instant, or have not failed, whatever their next attempt. A KB that
 *     was set aside is never due.
 */
public record DueFilter(@Nullable Long failedBefore) {

    /** The KBs whose next attempt is due by the store's clock. */
    public static final DueFilter BY_THE_CLOCK = new DueFilter(null);

    /**
     * Whether an attempt is due; for stores that decide it in Java.
     *
     * @param attempt the attempt on record
     * @param storeMicros the store's clock
     * @return whether the KB is to be tried now
     */
    public boolean isDue(KbRecord attempt, long storeMicros) {
        if (attempt.setAside()) {
            return false;
        }
        return failedBefore == null ? attempt.dueMicros() <= storeMicros : attempt.failedMicros() < failedBefore;
    }
}
