package dev.kbmigrator;

import java.time.Duration;

/**
 * Receives the events of this replica. All methods do nothing by default.
 *
 * <p>Implementations must be safe for use by many threads, and quick: the library calls them from its working threads, several at
 * a time. An exception that a listener throws is logged and has no other effect.
 */
public interface MigratorListener {

    /**
     * Called when a KB has reached a version and the state store has it on record.
     *
     * @param kbId the KB's id
     * @param version the KB's version now
     */
    default void kbMigrated(String kbId, long version) {}

    /**
     * Called when a KB part has failed.
     *
     * @param kbId the KB's id
     * @param migration the migration that failed
     * @param error why it failed
     * @param retryAfter how long from now until it is tried again
     */
    default void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {}

    /**
     * Called when a global part has failed.
     *
     * @param migration the migration that failed
     * @param error why it failed
     * @param retryAfter how long from now until it is tried again
     */
    default void globalFailed(MigrationInfo migration, Throwable error, Duration retryAfter) {}

    /**
     * Called when the fleet's current version has risen. Only the replica that raised it receives this event.
     *
     * @param version the fleet's current version now
     */
    default void versionReached(long version) {}

    /**
     * Called when this replica can no longer do everything itself, and again whenever the reason changes.
     *
     * @param reason why not, in one sentence
     */
    default void standingBy(String reason) {}
}
