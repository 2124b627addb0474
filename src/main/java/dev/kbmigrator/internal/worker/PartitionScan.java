package dev.kbmigrator.internal.worker;

import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.state.Plan;
import dev.kbmigrator.spi.PageQuery;
import dev.kbmigrator.spi.Partitions;
import java.util.BitSet;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Partitions that a worker has taken together, and how far it has paged through them. Belongs to the worker's thread. */
final class PartitionScan {

    /** The partitions that are still held, by number; those that were lost or given back leave. */
    final Map<Integer, HeldPartition> held;

    /** The partitions in which there was something to do: others may have dealt with the rest since the last look. */
    final BitSet found = new BitSet(Partitions.COUNT);

    /** The version to which the KBs are brought. */
    final long goal;

    /** The plan that leads there. */
    final Plan plan;

    /** The next page to ask for; null when the last one has come. */
    @Nullable
    PageQuery next;

    /** When the last page came, in monotonic time. */
    long pagedAt;

    /** Whether floors were raised, which means that whole partitions were scanned. */
    boolean raised;

    /** How many KBs there were to do. */
    long kbs;

    private @Nullable Step latest;

    private record Step(long from, MigrationCatalog.@Nullable Entry migration) {}

    PartitionScan(Map<Integer, HeldPartition> held, FleetView view, PageQuery first, long now) {
        this.held = held;
        this.goal = view.goal();
        this.plan = view.state().plan();
        this.next = first;
        this.pagedAt = now;
    }

    /**
     * Returns the migration that takes a KB on from a version; null when there is none, or this build does not have it. Remembered,
     * because most KBs of a page are at the same version.
     */
    MigrationCatalog.@Nullable Entry nextMigration(long from, MigrationCatalog catalog) {
        Step step = latest;
        if (step == null || step.from() != from) {
            MigrationInfo info = plan.nextForKb(from, goal);
            step = new Step(from, info == null ? null : catalog.get(info.version()));
            latest = step;
        }
        return step.migration();
    }

    /** Returns whether nothing is to come, queued, running or unwritten. */
    boolean isQuiet() {
        return next == null && held.values().stream().allMatch(HeldPartition::isQuiet);
    }
}
