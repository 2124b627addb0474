package dev.kbmigrator.internal.look;

import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.util.HashMap;
import java.util.Map;

/**
 * When this replica last saw a sign of life of each replica, by its own monotonic time: the store's clock may jump, and then says
 * nothing about anybody's silence. A replica that has just begun to look has seen everybody just now. Safe for use by many threads.
 */
final class Sightings {

    private Map<String, Sighting> last = Map.of();

    private record Sighting(long lastSeenMicros, long nanoTime) {}

    /** Returns for how long each replica of a snapshot, received now, has given no sign of life, in nanoseconds. */
    synchronized Map<String, Long> unseenFor(Snapshot snapshot, long now) {
        Map<String, Sighting> seen = new HashMap<>();
        Map<String, Long> unseen = new HashMap<>();
        for (ReplicaState replica : snapshot.replicas()) {
            Sighting before = last.get(replica.replicaId());
            Sighting latest = before != null && before.lastSeenMicros() == replica.lastSeenMicros()
                    ? before
                    : new Sighting(replica.lastSeenMicros(), now);
            seen.put(replica.replicaId(), latest);
            unseen.put(replica.replicaId(), now - latest.nanoTime());
        }
        last = seen;
        return unseen;
    }
}
