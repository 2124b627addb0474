package dev.kbmigrator.spi;

/**
 * What a replica has last reported about its work: a JSON text that only the library reads, for {@code status()}. Immutable.
 *
 * @param replicaId the replica's id
 * @param json the report, exactly as it was given in a {@link Heartbeat}
 * @param reportedMicros when the report was written, in microseconds since 1970 by the store's clock
 */
public record ReplicaReport(String replicaId, String json, long reportedMicros) {

    /** The largest size of a report, in UTF-8 bytes: 8 KiB. */
    public static final int MAX_BYTES = 8 * 1024;
}
