package dev.kbmigrator.spi;

import org.jspecify.annotations.Nullable;

/**
 * What the store keeps about a KB besides its version. Most KBs have no record, and none has more than one. A KB gets a record
 * when an attempt fails or saves a checkpoint, when the KB is set aside, or when it is behind its partition's floor. The
 * record disappears when the KB's version moves. If the KB is then still behind the floor, it gets a new record. Immutable.
 *
 * @param version the version that the KB has not reached, above its stored version
 * @param failures how many attempts at this version have failed; 0 if none has
 * @param error the text of the last failure, at most {@value #MAX_ERROR_CHARACTERS} characters; null if there was none
 * @param failedMicros when the last attempt failed, in microseconds since 1970 by the store's clock; 0 if none has
 * @param dueMicros when the next attempt is due, in microseconds since 1970 by the store's clock; 0 means at once
 * @param setAside whether the KB is not to be tried again until a person asks for it
 * @param checkpointed whether there is a checkpoint
 * @param checkpoint the JSON text of the checkpoint for {@code version}; null if there is none, and always null in a
 *     {@link Page}, which says only whether there is a checkpoint
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

    /** The most characters that the store keeps of an error. */
    public static final int MAX_ERROR_CHARACTERS = 2_000;

    /** The largest size of a checkpoint's JSON text, in UTF-8 bytes: 64 KiB. */
    public static final int MAX_CHECKPOINT_BYTES = 64 * 1024;

    /**
     * Returns whether the KB counts as failing: an attempt has failed, or there is an error although none has, and the KB is not set
     * aside. The others are late, or have only a checkpoint.
     *
     * @return true if the KB is failing
     */
    public boolean countsAsFailing() {
        return !setAside && (failures > 0 || error != null);
    }
}
