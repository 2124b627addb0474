package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Takes partitions for a worker, the locks first and then new epochs, and gives them back: raises their floors, and releases their
 * leases. Belongs to the worker's thread.
 */
final class HeldPartitions {

    private static final long PARTIAL_RELEASE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final EngineConfig config;
    private final Board board;
    private final LeaseKeeper keeper;
    private final Runnable onLost;

    /** With what to call when a partition is lost. */
    HeldPartitions(EngineConfig config, Board board, LeaseKeeper keeper, Runnable onLost) {
        this.config = config;
        this.board = board;
        this.keeper = keeper;
        this.onLost = onLost;
    }

    /** Takes what can be had of them. */
    Map<Integer, Held> take(Set<Integer> wanted) {
        Map<Integer, Held> held = new TreeMap<>();
        try {
            acquire(wanted, held);
        } finally {
            Set<Integer> missed = new HashSet<>(wanted);
            missed.removeAll(held.keySet());
            board.contended(missed);
        }
        return held;
    }

    private void acquire(Set<Integer> wanted, Map<Integer, Held> held) {
        Map<String, Integer> names = new HashMap<>();
        wanted.forEach(partition -> names.put(View.lockName(partition), partition));
        long deadline = keeper.deadlineOfRequestSentNow();
        Map<String, Lease> leases = board.asked(() ->
                config.lock().tryAcquireAll(names.keySet(), config.timings().leaseTtl()));
        if (leases.isEmpty()) {
            return;
        }
        Set<Integer> scopes = new TreeSet<>();
        leases.keySet().forEach(name -> scopes.add(Objects.requireNonNull(names.get(name))));
        try {
            Map<Integer, Epoch> epochs = config.store().openEpochs(scopes);
            leases.forEach((name, lease) -> {
                int partition = Objects.requireNonNull(names.get(name));
                Epoch epoch = Objects.requireNonNull(epochs.get(partition));
                held.put(partition, new Held(lease, epoch, deadline, onLost));
            });
        } catch (RuntimeException e) {
            keeper.releaseQuietly(leases.values());
            throw e;
        }
        if (deadline - config.surroundings().nanoTime() <= 0) {
            // The answers took so long that nothing may start under these leases any more
            held.clear();
            keeper.releaseQuietly(leases.values());
            return;
        }
        held.values().forEach(keeper::keep);
    }

    /** Gives back the partitions that are quiet: all of a pass at once, or one by one when a slow KB holds the rest up. */
    void giveBack(List<Pass> passes) {
        for (Iterator<Pass> each = passes.iterator(); each.hasNext(); ) {
            Pass pass = each.next();
            dropLost(pass);
            boolean late = config.surroundings().nanoTime() - pass.pagedAt > PARTIAL_RELEASE_NANOS;
            if (pass.next == null && (pass.isQuiet() || late || board.isHalted())) {
                giveBack(pass);
            }
            if (pass.held.isEmpty()) {
                each.remove();
                learn(pass);
            }
        }
    }

    private void learn(Pass pass) {
        if (pass.raised && pass.kbs > 0 && !board.isStopping()) {
            board.learnDensity(pass.found.cardinality(), pass.kbs);
        }
    }

    /** Those that were lost leave as soon as they are quiet; only then is what may be left of the lease released. */
    private void dropLost(Pass pass) {
        Set<Integer> lost = new TreeSet<>();
        List<Lease> leases = new ArrayList<>();
        for (Held held : pass.held.values()) {
            if (held.isLost() && held.inFlight.isEmpty()) {
                lost.add(held.scope());
                if (held.mayBeReleased()) {
                    leases.add(held.lease());
                }
            }
        }
        if (!lost.isEmpty()) {
            pass.held.keySet().removeAll(lost);
            board.fruitless(lost);
            keeper.releaseQuietly(leases);
        }
    }

    private void giveBack(Pass pass) {
        List<Held> quiet = pass.held.values().stream()
                .filter(held -> !held.isLost() && held.inFlight.isEmpty() && held.mayBeReleased())
                .toList();
        if (quiet.isEmpty()) {
            return;
        }
        Set<Integer> raised = raiseFloors(pass, quiet);
        pass.raised |= !raised.isEmpty();
        Set<Integer> fruitful = new TreeSet<>(raised);
        Set<Integer> fruitless = new TreeSet<>();
        Set<Integer> unfinishable = new TreeSet<>();
        for (Held held : quiet) {
            pass.held.remove(held.scope());
            if (held.skipped) {
                unfinishable.add(held.scope());
            }
            if (held.progressed) {
                fruitful.add(held.scope());
            } else if (!raised.contains(held.scope())) {
                fruitless.add(held.scope());
            }
        }
        keeper.release(quiet);
        board.cannotFinish(unfinishable);
        board.fruitful(fruitful);
        board.fruitless(fruitless);
    }

    private Set<Integer> raiseFloors(Pass pass, List<Held> quiet) {
        List<Epoch> clean = quiet.stream()
                .filter(held -> !held.skipped && board.floorOf(held.scope()) < pass.goal)
                .map(Held::epoch)
                .toList();
        if (clean.isEmpty() || board.isStopping()) {
            return Set.of();
        }
        return config.store().raiseFloors(clean, pass.goal);
    }
}
