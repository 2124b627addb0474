package dev.kbmigrator.internal.engine;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.PageRequest;
import dev.kbmigrator.spi.Partitions;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Partitions that a worker took together, and how far it has paged through them. Belongs to the worker's thread. */
final class Pass {

    /** By partition; those that were lost or given back leave. */
    final Map<Integer, Held> held;

    /** The partitions in which there was something to do: others may have been through the rest since the last look. */
    final BitSet found = new BitSet(Partitions.COUNT);

    /** The version to which its KBs are brought. */
    final long goal;

    /** The migrations that lead there. */
    final List<MigrationInfo> plan;

    /** The next page to ask for; null when the last one has come. */
    @Nullable
    PageRequest next;

    /** When the last page came, in monotonic time. */
    long pagedAt;

    /** Whether floors were raised: it went through whole partitions. */
    boolean raised;

    /** How many KBs it found to do. */
    long kbs;

    Pass(Map<Integer, Held> held, View view, PageRequest first, long now) {
        this.held = held;
        this.goal = view.goal();
        this.plan = view.state().plan();
        this.next = first;
        this.pagedAt = now;
    }

    boolean isQuiet() {
        return next == null && held.values().stream().allMatch(one -> one.inFlight.isEmpty());
    }
}
