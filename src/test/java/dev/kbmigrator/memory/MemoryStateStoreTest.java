package dev.kbmigrator.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.spi.Attempt;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite.Advanced;
import dev.kbmigrator.spi.Partitions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the reference store must not lose. */
class MemoryStateStoreTest {

    private final MemoryStateStore store = MemoryStateStore.create();

    @Test
    void aKbThatAdvancesBehindItsFloorStaysOnRecord() {
        int partition = Partitions.of("late");
        Epoch epoch = store.openEpochs(Set.of(partition)).get(partition);
        assertThat(store.raiseFloors(Set.of(epoch), 3)).containsExactly(partition);
        store.enroll(Set.of("late"), 0);

        store.write(Set.of(epoch), List.of(new Advanced("late", 0, 1)));
        assertThat(store.find(Set.of("late")).values())
                .extracting(KbState::attempt)
                .containsExactly(new Attempt(2, 0, null, 0, 0, false, false, null));

        store.write(Set.of(epoch), List.of(new Advanced("late", 1, 3)));
        assertThat(store.find(Set.of("late")).values()).containsExactly(new KbState("late", 3, null));
    }
}
