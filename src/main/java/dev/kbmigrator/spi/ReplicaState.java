package dev.kbmigrator.spi;

/**
 * A replica that has announced itself and is still on the store's list. Immutable.
 *
 * @param info what the replica last announced
 * @param firstSeenMicros when the replica first announced itself, in microseconds since 1970 by the store's clock
 * @param lastSeenMicros when the replica last announced itself, in microseconds since 1970 by the store's clock
 */
public record ReplicaState(ReplicaInfo info, long firstSeenMicros, long lastSeenMicros) {

    /**
     * Returns the replica's id.
     *
     * @return the id
     */
    public String replicaId() {
        return info.replicaId();
    }
}
