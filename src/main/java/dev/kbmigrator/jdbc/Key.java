package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Partitions;
import java.util.Collection;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The key of a KB's row. All statements go through keys in this order, so that two transactions never wait for each other.
 *
 * @param partition the KB's partition
 * @param kbId the KB
 */
record Key(int partition, String kbId) implements Comparable<Key> {

    static Key of(String kbId) {
        return new Key(Partitions.of(kbId), kbId);
    }

    static SortedSet<Key> sorted(Collection<String> kbIds) {
        SortedSet<Key> keys = new TreeSet<>();
        kbIds.forEach(kbId -> keys.add(of(kbId)));
        return keys;
    }

    @Override
    public int compareTo(Key other) {
        int byPartition = Integer.compare(partition, other.partition);
        return byPartition != 0 ? byPartition : kbId.compareTo(other.kbId);
    }
}
