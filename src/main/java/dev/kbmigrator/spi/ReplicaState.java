package dev.kbmigrator.spi;

/**
 * A replica that has announced itself and is still on the store's list. Immutable.
 *
 * @param replicaId the replica's id
 * @param node the machine that the replica runs on
 * @param build the build that the replica runs
 * @param newestVersion the newest version that the replica knows
 * @param ready whether the replica has told its host that it may serve requests
 * @param firstSeenMicros when the replica first announced itself, in microseconds since 1970 by the store's clock
 * @param lastSeenMicros when the replica last announced itself, in microseconds since 1970 by the store's clock
 */
public record ReplicaState(
        String replicaId,
        String node,
        String build,
        long newestVersion,
        boolean ready,
        long firstSeenMicros,
        long lastSeenMicros) {}
