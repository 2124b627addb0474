package dev.kbmigrator.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One change to one KB. The store makes the change only if the KB is still the same {@link #incarnation} and its stored version
 * is still {@link #from}. A write never creates a KB: if the KB is not enrolled, or has been enrolled again since it was read,
 * nothing changes and the result says {@link WriteResult.Gone}. All kinds are immutable.
 */
public sealed interface KbWrite {

    /**
     * Returns the KB that is written.
     *
     * @return its id
     */
    String kbId();

    /**
     * Returns which enrolment of the KB is meant. A KB that has been removed and enrolled again is not the one that is written.
     *
     * @return the {@link KbState#incarnation()} that was read
     */
    long incarnation();

    /**
     * Returns the version that must be stored for the write to happen.
     *
     * @return the version before the write
     */
    long from();

    /**
     * Records that a KB has reached a version, and deletes its {@link KbRecord}, if any.
     *
     * <p>If the KB had a record and is still behind its partition's floor, it gets a new record: due at once, for version
     * {@code to + 1}, with no failure. A floor may rise above a KB that has a record, so without the new record nothing would
     * show that the KB is behind.
     *
     * @param kbId the KB
     * @param incarnation which enrolment of the KB is meant
     * @param from the version before
     * @param to the version after, above {@code from}
     */
    record Advanced(String kbId, long incarnation, long from, long to) implements KbWrite {
        /**
         * Creates an advance.
         *
         * @param kbId the KB
         * @param incarnation which enrolment of the KB is meant
         * @param from the version before
         * @param to the version after, above {@code from}
         * @throws IllegalArgumentException if {@code to} is not above {@code from}
         */
        public Advanced {
            if (to <= from) {
                throw new IllegalArgumentException(
                        "a KB's version can only rise, but KB " + kbId + " was to go from " + from + " to " + to);
            }
        }
    }

    /**
     * Records that an attempt at a version failed, sets the KB aside, or makes a KB that was set aside due again. A checkpoint
     * for the same version stays.
     *
     * @param kbId the KB
     * @param incarnation which enrolment of the KB is meant
     * @param from the stored version, which does not change
     * @param version the version that was not reached
     * @param failures how many attempts at this version have failed, including this one; 0 if none has
     * @param error the text of the failure, at most {@value KbRecord#MAX_ERROR_CHARACTERS} characters
     * @param retryAfter the time from now, by the store's clock, until the next attempt is due; null sets the KB aside
     */
    record Failed(
            String kbId,
            long incarnation,
            long from,
            long version,
            int failures,
            String error,
            @Nullable Duration retryAfter)
            implements KbWrite {}

    /**
     * Saves the checkpoint of an attempt at a version, and replaces the previous one. Recorded failures at the same version
     * stay.
     *
     * @param kbId the KB
     * @param incarnation which enrolment of the KB is meant
     * @param from the stored version, which does not change
     * @param version the version that is being attempted
     * @param checkpoint the checkpoint's JSON text, at most {@value KbRecord#MAX_CHECKPOINT_BYTES} UTF-8 bytes
     */
    record Checkpointed(String kbId, long incarnation, long from, long version, String checkpoint) implements KbWrite {}
}
