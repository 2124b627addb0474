package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Cursor;
import dev.kbmigrator.spi.Partitions;
import java.util.Collection;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The key of a KB's row. Every statement goes through the keys in this order, so that two transactions cannot deadlock.
 *
 * @param partition the KB's partition
 * @param kbId the KB's id
 */
record KbKey(int partition, String kbId) implements Comparable<KbKey> {

    static KbKey of(String kbId) {
        return new KbKey(Partitions.of(kbId), kbId);
    }

    static SortedSet<KbKey> sorted(Collection<String> kbIds) {
        SortedSet<KbKey> keys = new TreeSet<>();
        kbIds.forEach(kbId -> keys.add(of(kbId)));
        return keys;
    }

    /** The last KB of the page before; null for the first page. */
    static @Nullable KbKey of(@Nullable Cursor cursor) {
        if (cursor == null) {
            return null;
        }
        String position = cursor.position();
        int colon = position.indexOf(':');
        return new KbKey(Integer.parseInt(position.substring(0, colon)), position.substring(colon + 1));
    }

    /** The position of a listing that has this KB as the last one of a page. */
    Cursor toCursor() {
        return new Cursor(partition + ":" + kbId);
    }

    @Override
    public int compareTo(KbKey other) {
        int byPartition = Integer.compare(partition, other.partition);
        return byPartition != 0 ? byPartition : kbId.compareTo(other.kbId);
    }
}
