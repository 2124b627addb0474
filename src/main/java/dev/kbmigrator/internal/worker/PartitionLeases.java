package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.lease.HeldScope;
import dev.kbmigrator.internal.lease.LeaseKeeper;
import dev.kbmigrator.internal.look.FleetObserver;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Acquires partitions for a worker, and gives them back: raises their floors, and releases their leases. Belongs to the worker's
 * thread.
 */
final class PartitionLeases {

    private static final long PARTIAL_RELEASE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final StateStore store;
    private final Environment environment;
    private final FleetObserver observer;
    private final PartitionQueue queue;
    private final LeaseKeeper keeper;

    PartitionLeases(
            StateStore store,
            Environment environment,
            FleetObserver observer,
            PartitionQueue queue,
            LeaseKeeper keeper) {
        this.store = store;
        this.environment = environment;
        this.observer = observer;
        this.queue = queue;
        this.keeper = keeper;
    }

    /** Acquires those of the partitions that nobody else holds; {@code onLost} is called when one of them is lost. */
    Map<Integer, HeldPartition> acquire(Set<Integer> wanted, Consumer<HeldScope> onLost) {
        Map<Integer, HeldPartition> held = new TreeMap<>();
        try {
            keeper.acquire(wanted, onLost).forEach((partition, scope) -> held.put(partition, new HeldPartition(scope)));
        } finally {
            Set<Integer> missed = new HashSet<>(wanted);
            missed.removeAll(held.keySet());
            queue.contended(missed);
        }
        return held;
    }

    /** Gives back the partitions that are quiet: all of a scan at once, or one by one when a slow KB holds the rest up. */
    void giveBack(List<PartitionScan> scans) {
        for (Iterator<PartitionScan> each = scans.iterator(); each.hasNext(); ) {
            PartitionScan scan = each.next();
            dropLost(scan);
            boolean late = environment.nanoTime() - scan.pagedAt > PARTIAL_RELEASE_NANOS;
            if (scan.next == null && (scan.isQuiet() || late || queue.isHalted())) {
                giveBack(scan);
            }
            if (scan.held.isEmpty()) {
                each.remove();
                learn(scan);
            }
        }
    }

    /** Leaves all partitions to whoever comes when their leases have expired. */
    void leave(List<PartitionScan> scans) {
        for (PartitionScan scan : scans) {
            scan.held.values().forEach(held -> keeper.leaveToExpire(held.scope()));
            queue.fruitless(scan.held.keySet());
        }
        scans.clear();
    }

    private void learn(PartitionScan scan) {
        if (scan.raised && scan.kbs > 0 && !queue.isStopping()) {
            queue.learnDensity(scan.found.cardinality(), scan.kbs);
        }
    }

    /** Partitions that were lost leave as soon as they are quiet; only then is what may be left of the lease released. */
    private void dropLost(PartitionScan scan) {
        Set<Integer> lost = new TreeSet<>();
        List<HeldScope> releasable = new ArrayList<>();
        for (HeldPartition held : scan.held.values()) {
            if (held.scope().isLost() && held.isQuiet()) {
                lost.add(held.partition());
                if (held.scope().mayBeReleased()) {
                    releasable.add(held.scope());
                }
            }
        }
        if (!lost.isEmpty()) {
            scan.held.keySet().removeAll(lost);
            queue.fruitless(lost);
            if (!releasable.isEmpty()) {
                keeper.release(releasable);
            }
        }
    }

    private void giveBack(PartitionScan scan) {
        List<HeldPartition> quiet = scan.held.values().stream()
                .filter(held ->
                        !held.scope().isLost() && held.isQuiet() && held.scope().mayBeReleased())
                .toList();
        if (quiet.isEmpty()) {
            return;
        }
        Set<Integer> raised = raiseFloors(scan, quiet);
        scan.raised |= !raised.isEmpty();
        Set<Integer> fruitful = new TreeSet<>(raised);
        Set<Integer> fruitless = new TreeSet<>();
        Set<Integer> unfinishable = new TreeSet<>();
        for (HeldPartition held : quiet) {
            scan.held.remove(held.partition());
            if (held.hasSkipped()) {
                unfinishable.add(held.partition());
            }
            if (held.hasProgressed()) {
                fruitful.add(held.partition());
            } else if (!raised.contains(held.partition())) {
                fruitless.add(held.partition());
            }
        }
        keeper.release(quiet.stream().map(HeldPartition::scope).toList());
        queue.cannotFinish(unfinishable);
        queue.fruitful(fruitful);
        queue.fruitless(fruitless);
    }

    private Set<Integer> raiseFloors(PartitionScan scan, List<HeldPartition> quiet) {
        List<Long> floors = observer.view().snapshot().floors();
        List<Epoch> clean = quiet.stream()
                .filter(held -> !held.hasSkipped() && floors.get(held.partition()) < scan.goal)
                .map(held -> held.scope().epoch())
                .toList();
        if (clean.isEmpty() || queue.isStopping()) {
            return Set.of();
        }
        return store.raiseFloors(clean, scan.goal);
    }
}
