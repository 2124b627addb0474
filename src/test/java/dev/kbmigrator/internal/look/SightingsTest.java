package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.spi.Snapshot;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SightingsTest {

    private final Sightings sightings = new Sightings();

    private Map<String, Long> at(long nanoTime, long lastSeenMicros) {
        ReplicaState replica = new ReplicaState("r", "node", "build", 1, true, 0, lastSeenMicros);
        Snapshot snapshot =
                new Snapshot(0, List.of(), Collections.nCopies(Partitions.COUNT, 0L), List.of(), List.of(replica));
        return sightings.unseenFor(snapshot, nanoTime);
    }

    @Test
    void onlyANewSignOfLifeEndsTheSilence() {
        assertThat(at(100, 7)).as("whoever has just begun has seen everybody").containsEntry("r", 0L);
        assertThat(at(150, 7)).containsEntry("r", 50L);
        assertThat(at(400, 7)).containsEntry("r", 300L);
        assertThat(at(500, 3)).as("also where the store's clock has gone back").containsEntry("r", 0L);
        assertThat(at(600, 3)).containsEntry("r", 100L);
    }
}
