package dev.kbmigrator;

import java.time.Duration;

/**
 * Told of what this replica does. Called from the library's threads, several at a time: be quick. An exception is logged and
 * hurts nothing.
 */
public interface MigratorListener {

    /**
     * A KB reached a version, durably.
     *
     * @param kbId the KB
     * @param version its version now
     */
    default void kbMigrated(String kbId, long version) {}

    /**
     * An attempt at a KB failed.
     *
     * @param kbId the KB
     * @param migration what failed
     * @param error why
     * @param retryAfter when it is tried again
     */
    default void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {}

    /**
     * An attempt at a global part failed.
     *
     * @param migration what failed
     * @param error why
     * @param retryAfter when it is tried again
     */
    default void globalFailed(MigrationInfo migration, Throwable error, Duration retryAfter) {}

    /**
     * The fleet's current version moved; told by the replica that moved it.
     *
     * @param version the current version now
     */
    default void versionReached(long version) {}

    /**
     * This replica cannot do everything itself.
     *
     * @param reason why
     */
    default void standingBy(String reason) {}
}
