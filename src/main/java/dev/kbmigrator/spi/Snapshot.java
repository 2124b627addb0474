package dev.kbmigrator.spi;

import java.util.List;

/**
 * The shared state that one look shows. Immutable.
 *
 * @param storeMicros the store's clock, in microseconds since 1970
 * @param documents the documents whose names start with {@link Document#ANNOUNCED}
 * @param floors the floor of each partition, from 0 to 255: every KB is at or above it, except those with a {@link KbRecord}.
 *     In a thorough look, the lowest version of the partition's KBs without a record, or {@link Long#MAX_VALUE} if there are
 *     none
 * @param recordCounts how many KBs have a {@link KbRecord}, by partition and version
 * @param replicas the replicas that have announced themselves and are still on the list, including the one that looks
 */
public record Snapshot(
        long storeMicros,
        List<Document> documents,
        List<Long> floors,
        List<KbRecordCount> recordCounts,
        List<ReplicaState> replicas) {

    /**
     * Creates a snapshot. The lists are copied.
     *
     * @param storeMicros the store's clock, in microseconds since 1970
     * @param documents the documents whose names start with {@link Document#ANNOUNCED}
     * @param floors the floor of each partition, from 0 to 255: every KB is at or above it, except those with a
     *     {@link KbRecord}. In a thorough look, the lowest version of the partition's KBs without a record, or
     *     {@link Long#MAX_VALUE} if there are none
     * @param recordCounts how many KBs have a {@link KbRecord}, by partition and version
     * @param replicas the replicas that have announced themselves and are still on the list, including the one that looks
     * @throws IllegalArgumentException if there is not exactly one floor per partition
     */
    public Snapshot {
        documents = List.copyOf(documents);
        floors = List.copyOf(floors);
        recordCounts = List.copyOf(recordCounts);
        replicas = List.copyOf(replicas);
        if (floors.size() != Partitions.COUNT) {
            throw new IllegalArgumentException(
                    "a snapshot must have " + Partitions.COUNT + " floors, one per partition, not " + floors.size());
        }
    }
}
