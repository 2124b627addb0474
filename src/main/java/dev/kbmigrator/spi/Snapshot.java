package dev.kbmigrator.spi;

import java.util.List;

/**
 * What one look shows.
 *
 * @param storeMicros the store's clock, in microseconds since 1970
 * @param documents the documents whose name starts with {@link Document#ANNOUNCED}
 * @param floors for each partition 0 to 255 its floor: no KB of it is below, but for those that have an {@link KbRecord} on
 *     record. In a thorough look: the lowest version of the partition's KBs without one, {@link Long#MAX_VALUE} when there
 *     are none
 * @param recordCounts how many KBs have an {@link KbRecord} on record, by partition and version
 * @param replicas the replicas that have announced themselves and not said goodbye, this one included
 */
public record Snapshot(
        long storeMicros,
        List<Document> documents,
        List<Long> floors,
        List<KbRecordCount> recordCounts,
        List<ReplicaState> replicas) {

    /**
     * Copies its parts and checks that there is a floor for each partition.
     *
     * @param storeMicros the store's clock, in microseconds since 1970
     * @param documents the documents whose name starts with {@link Document#ANNOUNCED}
     * @param floors for each partition 0 to 255 its floor: no KB of it is below, but for those that have an {@link KbRecord} on
     *     record. In a thorough look: the lowest version of the partition's KBs without one, {@link Long#MAX_VALUE} when there
     *     are none
     * @param recordCounts how many KBs have an {@link KbRecord} on record, by partition and version
     * @param replicas the replicas that have announced themselves and not said goodbye, this one included
     */
    public Snapshot {
        documents = List.copyOf(documents);
        floors = List.copyOf(floors);
        recordCounts = List.copyOf(recordCounts);
        replicas = List.copyOf(replicas);
        if (floors.size() != Partitions.COUNT) {
            throw new IllegalArgumentException("a snapshot has " + Partitions.COUNT + " floors, not " + floors.size());
        }
    }
}
