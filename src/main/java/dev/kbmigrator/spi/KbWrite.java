package dev.kbmigrator.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One change of one KB, made only while the stored version is the one that the writer saw. Nothing is ever upserted: a write
 * for a KB that is not enrolled does nothing and answers {@link WriteResult.Gone}.
 */
public sealed interface KbWrite {

    /**
     * The KB that is written.
     *
     * @return its id
     */
    String kbId();

    /**
     * The version that must be stored for the write to happen.
     *
     * @return the version before the write
     */
    long from();

    /**
     * The KB reached a version. Its {@link KbRecord}, if any, goes. If it had one and is behind its partition's floor still, a
     * new one takes its place, due at once, at version {@code to + 1}, with no failure: the floor rose over the KB while the
     * attempt was on record, and nothing else would tell that it is not done.
     *
     * @param kbId the KB
     * @param from the version before
     * @param to the version after, above {@code from}
     */
    record Advanced(String kbId, long from, long to) implements KbWrite {
        /**
         * Checks that the version rises.
         *
         * @param kbId the KB
         * @param from the version before
         * @param to the version after, above {@code from}
         */
        public Advanced {
            if (to <= from) {
                throw new IllegalArgumentException(
                        "a version only rises, but " + kbId + " was to go from " + from + " to " + to);
            }
        }
    }

    /**
     * An attempt at a version failed, or the KB is set aside. A checkpoint for that same version stays.
     *
     * @param kbId the KB
     * @param from the stored version, which stays
     * @param version the version that was not reached
     * @param failures how many attempts at it have failed, this one included
     * @param error what it said, at most {@value KbRecord#MAX_ERROR_CHARACTERS} characters
     * @param retryAfter how long from now, by the store's clock, the next attempt is due; null sets the KB aside
     */
    record Failed(
            String kbId,
            long from,
            long version,
            int failures,
            String error,
            @Nullable Duration retryAfter) implements KbWrite {}

    /**
     * An attempt at a version left a checkpoint; it replaces the one before. What is on record of failures at that same
     * version stays.
     *
     * @param kbId the KB
     * @param from the stored version, which stays
     * @param version the version that is being attempted
     * @param checkpoint the checkpoint's JSON text, at most {@value KbRecord#MAX_CHECKPOINT_BYTES} UTF-8 bytes
     */
    record Checkpointed(String kbId, long from, long version, String checkpoint) implements KbWrite {}
}
