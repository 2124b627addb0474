package dev.kbmigrator.spi;

/**
 * A replica that announced itself and has not said goodbye.
 *
 * @param replicaId its id
 * @param node the machine that it runs on
 * @param build which build it is
 * @param newestVersion the newest version that it knows
 * @param ready whether it told its host that it may serve requests
 * @param firstSeenMicros when it first announced itself, in microseconds since 1970 by the store's clock
 * @param lastSeenMicros when it last did, likewise
 */
public record ReplicaState(
        String replicaId,
        String node,
        String build,
        long newestVersion,
        boolean ready,
        long firstSeenMicros,
        long lastSeenMicros) {}
