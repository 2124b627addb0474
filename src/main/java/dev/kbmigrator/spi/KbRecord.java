package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What is on record of a KB besides its version, because it did not simply advance: it failed, it was set aside, it left a
 * checkpoint, or it is behind its partition's floor. Such records are few. A KB has at most one, and it goes when the KB's
 * version moves; one that is behind the floor after that gets another.
 *
 * @param version the version that the KB has not reached: above the stored one
 * @param failures how many attempts at it have failed; 0 when none has
 * @param error what the last failure said, at most 2,000 characters; null when there was none
 * @param failedMicros when it last failed, in microseconds since 1970 by the store's clock; 0 when it never did
 * @param dueMicros when the next attempt is due, likewise; 0 means at once
 * @param setAside whether the KB is not to be tried again until a person asks for it
 * @param checkpointed whether there is a checkpoint
 * @param checkpoint the checkpoint's JSON text, for the version {@code version}; null when there is none, and always null in
 *     a {@link Page}, which says only whether there is one
 */
public record KbRecord(
        long version,
        int failures,
        @Nullable String error,
        long failedMicros,
        long dueMicros,
        boolean setAside,
        boolean checkpointed,
        @Nullable String checkpoint) {

    /** The most that is kept of an error, in characters. */
    public static final int MAX_ERROR_CHARACTERS = 2_000;

    /** The largest checkpoint, in UTF-8 bytes: 64 KiB. */
    public static final int MAX_CHECKPOINT_BYTES = 64 * 1024;
}
