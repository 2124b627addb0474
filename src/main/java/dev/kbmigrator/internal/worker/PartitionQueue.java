package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.config.Concurrency;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.look.LookSchedule;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The partitions of one replica that are available to its workers, and what the workers share: how many there are, who may write now,
 * and how much is done.
 *
 * <p>Safe for use by many threads. It has one monitor, which guards everything that is not volatile, and which is never held across a
 * call to the store, the lock or the host.
 */
public final class PartitionQueue implements LookSchedule.Workload {

    private static final Duration FIRST_STAY_AWAY = Duration.ofMillis(200);
    private static final Duration LONGEST_STAY_AWAY = Duration.ofMinutes(1);

    private final Concurrency concurrency;
    private final Timings timings;
    private final Environment environment;
    private final Environment.Signal loopSignal;
    private final Backoff stayAway = new Backoff(FIRST_STAY_AWAY, LONGEST_STAY_AWAY);
    private final LongAdder completed = new LongAdder();
    private final UnrecordedKbs unrecorded;

    private volatile @Nullable FleetView view;
    private volatile boolean stopping;

    private final TakeSizing sizing;
    private final TreeSet<Integer> available = new TreeSet<>();
    private final Set<Integer> held = new TreeSet<>();
    private final Map<Integer, Avoided> avoided = new HashMap<>();
    private final Set<Integer> unfinishable = new TreeSet<>();

    /** The workers, by the signals that wake them. */
    private final List<Environment.Signal> workers = new ArrayList<>();

    private int writing;
    private boolean othersWait;
    private boolean changed;
    private @Nullable Long contendedAt;

    private record Avoided(int times, long until) {}

    /**
     * Creates an empty queue.
     *
     * @param loopSignal what to raise when the replica's loop should look at what has changed
     */
    public PartitionQueue(
            Concurrency concurrency, Timings timings, Environment environment, Environment.Signal loopSignal) {
        this.concurrency = concurrency;
        this.timings = timings;
        this.environment = environment;
        this.loopSignal = loopSignal;
        this.sizing = new TakeSizing(concurrency);
        this.unrecorded = new UnrecordedKbs(environment);
    }

    /** Takes a newer view over: its due partitions become available, unless they are held or avoided. */
    public synchronized void update(FleetView newer) {
        view = newer;
        changed = false;
        available.clear();
        if (newer.paused() || stopping) {
            return;
        }
        long now = environment.nanoTime();
        for (int partition : newer.duePartitions()) {
            Avoided away = avoided.get(partition);
            if (!held.contains(partition) && (away == null || away.until() - now <= 0)) {
                available.add(partition);
            }
        }
        wakeWorkers();
    }

    public synchronized boolean hasAvailable() {
        return !available.isEmpty();
    }

    /** Takes partitions out of the queue: neighbours, starting at a random place. */
    synchronized Set<Integer> take() {
        Set<Integer> taken = new TreeSet<>();
        if (available.isEmpty() || stopping) {
            return taken;
        }
        int wanted = sizing.nextTake(available.size(), workers.size(), recentReplicas());
        int start = (int) environment.random(Partitions.COUNT);
        Integer next = available.ceiling(start);
        while (taken.size() < wanted && !available.isEmpty()) {
            if (next == null) {
                next = available.first();
            }
            available.remove(next);
            taken.add(next);
            next = available.higher(next);
        }
        held.addAll(taken);
        return taken;
    }

    private int recentReplicas() {
        FleetView latest = view;
        return latest == null ? 1 : (int) latest.seenWithin(timings.recently()).count();
    }

    /** Another replica holds these partitions. */
    synchronized void contended(Set<Integer> partitions) {
        held.removeAll(partitions);
        if (!partitions.isEmpty()) {
            contendedAt = environment.nanoTime();
        }
    }

    /** Returns whether others held what is due when it was tried recently: one of them may have died, and its leases may end any moment. */
    @Override
    public synchronized boolean isContended() {
        long recently = 2 * timings.activeLook().toNanos();
        return contendedAt != null && environment.nanoTime() - contendedAt < recently;
    }

    /** Gives back partitions in which something has moved. */
    synchronized void fruitful(Set<Integer> partitions) {
        held.removeAll(partitions);
        partitions.forEach(avoided::remove);
        changed |= !partitions.isEmpty();
    }

    /** Gives back partitions in which nothing could be done: avoids them for a random time that doubles with each repetition. */
    synchronized void fruitless(Set<Integer> partitions) {
        held.removeAll(partitions);
        long now = environment.nanoTime();
        for (int partition : partitions) {
            Avoided before = avoided.get(partition);
            int times = before == null ? 1 : before.times() + 1;
            Duration delay = stayAway.delay(times, environment);
            avoided.put(partition, new Avoided(times, now + delay.toNanos()));
        }
    }

    /** Notes partitions whose due KBs this replica cannot migrate: the host does not list them, or the build lacks what they need. */
    synchronized void cannotFinish(Set<Integer> partitions) {
        unfinishable.addAll(partitions);
    }

    /** Returns the partitions in which this replica could not finish. */
    public synchronized Set<Integer> unfinishable() {
        return Set.copyOf(unfinishable);
    }

    synchronized void learnDensity(int partitions, long kbs) {
        sizing.learnDensity(partitions, kbs);
    }

    /** Learns how many KBs a worker has completed in that time, and for how long they ran in total. */
    synchronized void learnRate(long kbs, long nanos, long ranNanos) {
        if (kbs <= 0 || nanos <= 0) {
            return;
        }
        sizing.learnRate(kbs, nanos, ranNanos, workers.size());
        if (!available.isEmpty() && workers.size() < wantedWorkers()) {
            loopSignal.raise();
        }
    }

    /** Returns how many workers there is enough to do for. */
    public synchronized int wantedWorkers() {
        return sizing.wantedWorkers(available.size());
    }

    /** Returns whether a worker may write a batch now. If not, it is woken when another has written. */
    synchronized boolean beginWriting() {
        if (writing >= concurrency.writers()) {
            othersWait = true;
            return false;
        }
        writing++;
        return true;
    }

    /** A batch is written, or could not be. */
    synchronized void endWriting() {
        writing--;
        if (othersWait) {
            othersWait = false;
            wakeWorkers();
        }
    }

    @Override
    public synchronized int workers() {
        return workers.size();
    }

    /** A worker starts; it is woken by that signal. */
    public synchronized void workerStarted(Environment.Signal worker) {
        workers.add(worker);
    }

    /** A worker ends. The last one wakes the loop, if something has changed. */
    synchronized void workerEnded(Environment.Signal worker) {
        workers.remove(worker);
        if (workers.isEmpty() && (changed || stopping)) {
            loopSignal.raise();
        }
    }

    /** Returns whether that worker should take more; the first one always should. */
    synchronized boolean isWanted(Environment.Signal worker) {
        return sizing.isStoreBound() || workers.indexOf(worker) <= 0;
    }

    public synchronized void wakeWorkers() {
        workers.forEach(Environment.Signal::raise);
    }

    /** Counts a KB part that this replica has completed. */
    void completed() {
        completed.increment();
    }

    /** Returns how many KB parts this replica has completed. */
    public long completedCount() {
        return completed.sum();
    }

    /** Returns the KBs of which the store does not accept what is to be recorded. */
    public UnrecordedKbs unrecorded() {
        return unrecorded;
    }

    public boolean isStopping() {
        return stopping;
    }

    /** Returns whether nothing more is to be started: this replica stops, or an operator has paused the fleet. */
    boolean isHalted() {
        FleetView latest = view;
        return stopping || (latest != null && latest.paused());
    }

    /** From here on nothing more is taken; what is held is given back as soon as it is quiet. */
    public void stop() {
        stopping = true;
        synchronized (this) {
            available.clear();
        }
        wakeWorkers();
        loopSignal.raise();
    }
}
