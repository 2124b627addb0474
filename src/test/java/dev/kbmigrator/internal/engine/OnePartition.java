package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.StateStore;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** KBs that are all in one partition, so that one worker takes them together. */
final class OnePartition {

    static final int NUMBER = 7;

    private OnePartition() {}

    static List<String> kbs(int many) {
        return kbsOf(NUMBER, many);
    }

    /** KBs of any partition. */
    static List<String> kbsOf(int partition, int many) {
        return IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> "kb-" + i)
                .filter(kb -> Partitions.of(kb) == partition)
                .limit(many)
                .toList();
    }

    /** Enrols the KBs at version 0, and makes the newest version the target. */
    static void enroll(Collection<String> kbs, EngineConfig config) {
        config.store().enroll(kbs, 0);
        long newest = config.catalog().newest();
        GlobalState state = new GlobalState(
                0, 0, 0, newest, newest, Long.MAX_VALUE, 0, config.catalog().infos(), Json.object());
        config.store().compareAndSet(GlobalState.DOCUMENT, 0, state.toJson(), null);
    }

    static View look(EngineConfig config, boolean thorough) {
        Heartbeat heartbeat = new Heartbeat("replica", "host", "build", 1, true, DueFilter.BY_THE_CLOCK, thorough);
        StateStore store = config.store();
        return View.of(store.look(heartbeat), config.surroundings().nanoTime(), config.catalog(), 0);
    }

    /** As another holder opens it. */
    static Collection<Epoch> epochs(EngineConfig config) {
        return config.store().openEpochs(Set.of(NUMBER)).values();
    }
}
