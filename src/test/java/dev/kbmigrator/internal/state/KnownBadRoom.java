package dev.kbmigrator.internal.state;

import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.internal.worker.PartitionQueue;
import dev.kbmigrator.spi.StateStore;
import java.util.stream.Stream;

/** Breaks the rules of its room. {@code RoomsTest} expects each use to be reported; nothing ever calls this. */
@SuppressWarnings("unused") // nothing ever calls it
final class KnownBadRoom {

    private KnownBadRoom() {}

    private static boolean usesARoomAbove(PartitionQueue queue) {
        return queue.isStopping();
    }

    private static long touchesTheStore(StateStore store) {
        return store.count(0);
    }

    private static Stream<String> callsTheHost(KnowledgeBoxes knowledgeBoxes) throws Exception {
        return knowledgeBoxes.ids();
    }
}
