package dev.kbmigrator.internal.engine;

import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.PageQuery;
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
    PageQuery next;

    /** When the last page came, in monotonic time. */
    long pagedAt;

    /** Whether floors were raised: it went through whole partitions. */
    boolean raised;

    /** How many KBs it found to do. */
    long kbs;

    private @Nullable Step latest;

    /**
     * What takes a KB on from a version.
     *
     * @param from the version
     * @param info the next migration with a part for it; null when there is none
     * @param migration the same, of this build; null when there is none, or this build does not know it
     */
    record Step(
            long from,
            @Nullable MigrationInfo info,
            @Nullable Migration migration) {}

    Pass(Map<Integer, Held> held, View view, PageQuery first, long now) {
        this.held = held;
        this.goal = view.goal();
        this.plan = view.state().plan();
        this.next = first;
        this.pagedAt = now;
    }

    /** What takes a KB on from a version; remembered, because most KBs of a page are at the same. */
    Step step(long from, Catalog catalog) {
        Step step = latest;
        if (step == null || step.from() != from) {
            MigrationInfo info = Plans.next(plan, from, goal);
            step = new Step(from, info, info == null ? null : catalog.get(info.version()));
            latest = step;
        }
        return step;
    }

    boolean isQuiet() {
        return next == null && held.values().stream().allMatch(one -> one.inFlight.isEmpty());
    }
}
