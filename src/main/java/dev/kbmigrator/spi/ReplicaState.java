package dev.kbmigrator.spi;

/**
 * A replica that announced itself and has not said goodbye.
 *
 * @param replicaId its id
 * @param host where it runs
 * @param build which build it is
 * @param newestVersion the newest version that it knows
 * @param safeToServe whether it told its host that it is safe to serve
 * @param firstSeenMicros when it first announced itself, in microseconds since 1970 by the store's clock
 * @param lastSeenMicros when it last did, likewise
 */
public record ReplicaState(
        String replicaId,
        String host,
        String build,
        long newestVersion,
        boolean safeToServe,
        long firstSeenMicros,
        long lastSeenMicros) {}
