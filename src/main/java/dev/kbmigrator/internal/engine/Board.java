package dev.kbmigrator.internal.engine;

import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Partitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the threads of one replica share: the latest view, which partitions are there to be taken, and how much has been done.
 *
 * <p>How many partitions a worker takes at once: as many as hold some 16,000 due KBs, as far as earlier ones tell, at
 * first few; no more than can be done in a second or so; and no more than half of an equal share of what is left, or
 * than a thousand KBs, so that all replicas end at about the same time (guided self-scheduling; Polychronopoulos and Kuck,
 * 1987). There is one worker unless three quarters of the slots are free on average, because it is busy with the store:
 * where it waits for KBs, a second one would only keep partitions from others.
 */
final class Board {

    private static final int KBS_AT_ONCE = 16_384;
    private static final int LEAST_KBS = 1_024;
    private static final int PARTITIONS_AT_FIRST = 8;

    /** One reads and runs KBs while the other writes. */
    private static final int LEAST_WORKERS = 2;

    private static final double FEW_SLOTS = 0.25;
    private static final double SECONDS_AT_ONCE = 1;
    private static final Duration FIRST_STAY_AWAY = Duration.ofMillis(200);
    private static final Duration LONGEST_STAY_AWAY = Duration.ofMinutes(1);

    private final EngineConfig config;
    private final Surroundings.Signal loopSignal;
    private final Backoff stayAway = new Backoff(FIRST_STAY_AWAY, LONGEST_STAY_AWAY);

    private volatile @Nullable View view;
    private volatile boolean stopping;
    private volatile DueFilter due = DueFilter.BY_THE_CLOCK;

    private final TreeSet<Integer> candidates = new TreeSet<>();
    private final Set<Integer> held = new TreeSet<>();
    private final Map<Integer, Avoided> avoided = new HashMap<>();
    private final Set<Integer> unfinishable = new TreeSet<>();
    private final List<Worker> workers = new ArrayList<>();
    private double kbsPerPartition = -1;
    private double kbsPerSecond = -1;
    private boolean storeBound;
    private int writing;
    private boolean othersWait;
    private int lastTake = PARTITIONS_AT_FIRST / 2;
    private boolean changed;
    private @Nullable Long contendedAt;

    /** What the lock service does. */
    final Outage lockOutage = new Outage();

    /** KB parts that this replica brought to an end. */
    final LongAdder kbMigrations = new LongAdder();

    private record Avoided(int times, long until) {}

    Board(EngineConfig config, Surroundings.Signal loopSignal) {
        this.config = config;
        this.loopSignal = loopSignal;
    }

    /** The latest view; there is one before the first worker or coordinator starts. */
    View view() {
        View latest = view;
        if (latest == null) {
            throw new IllegalStateException("no look has succeeded yet");
        }
        return latest;
    }

    /** Which attempts on record count as due. */
    DueFilter due() {
        return due;
    }

    /** From here on, whatever failed before that instant counts as due. */
    void retryWhatFailedBefore(long storeMicros) {
        due = new DueFilter(storeMicros);
    }

    /** The partition's floor, as of the latest view. */
    long floorOf(int partition) {
        return view().snapshot().floors().get(partition);
    }

    @Nullable
    View viewOrNull() {
        return view;
    }

    /** Takes a newer view over, and says which partitions are there to be taken. */
    synchronized void update(View newer) {
        View before = view;
        if (before != null && newer.takenAt() - before.takenAt() < 0) {
            return;
        }
        view = newer;
        changed = false;
        candidates.clear();
        if (newer.paused() || stopping) {
            return;
        }
        long now = config.surroundings().nanoTime();
        for (int partition : newer.duePartitions()) {
            Avoided away = avoided.get(partition);
            if (!held.contains(partition) && (away == null || away.until() - now <= 0)) {
                candidates.add(partition);
            }
        }
        workers.forEach(Worker::wake);
    }

    /** How many partitions are there to be taken. */
    synchronized int candidates() {
        return candidates.size();
    }

    synchronized boolean hasCandidates() {
        return !candidates.isEmpty();
    }

    /** Takes partitions from those that are there: a run of neighbours from a random place on. */
    synchronized Set<Integer> take() {
        Set<Integer> taken = new TreeSet<>();
        if (candidates.isEmpty() || stopping) {
            return taken;
        }
        int wanted = howMany();
        int start = (int) config.surroundings().random(Partitions.COUNT);
        Integer next = candidates.ceiling(start);
        while (taken.size() < wanted && !candidates.isEmpty()) {
            if (next == null) {
                next = candidates.first();
            }
            candidates.remove(next);
            taken.add(next);
            next = candidates.higher(next);
        }
        held.addAll(taken);
        lastTake = wanted;
        return taken;
    }

    private int howMany() {
        int replicas =
                (int) Math.max(1, view().seenWithin(config.timings().lately()).count());
        double most = 2.0 * lastTake;
        if (kbsPerPartition > 0) {
            most = Math.min(most, KBS_AT_ONCE / kbsPerPartition);
            if (kbsPerSecond > 0) {
                most = Math.min(most, SECONDS_AT_ONCE * kbsPerSecond / kbsPerPartition);
            }
        }
        double share = candidates.size() / (2.0 * replicas * Math.max(1, workers.size()));
        double least = kbsPerPartition > 0 ? LEAST_KBS / kbsPerPartition : 0;
        return (int) Math.max(1, Math.min(most, Math.max(share, least)));
    }

    /** Another replica holds them. */
    synchronized void contended(Set<Integer> partitions) {
        held.removeAll(partitions);
        if (!partitions.isEmpty()) {
            contendedAt = config.surroundings().nanoTime();
        }
    }

    /** Whether others held what is due, when it was tried lately: one of them may have died, and its leases may end any moment. */
    synchronized boolean isContended() {
        long lately = 2 * config.timings().activeLook().toNanos();
        return contendedAt != null && config.surroundings().nanoTime() - contendedAt < lately;
    }

    /** Done with partitions, in which something moved. */
    synchronized void fruitful(Set<Integer> partitions) {
        held.removeAll(partitions);
        partitions.forEach(avoided::remove);
        changed |= !partitions.isEmpty();
    }

    /** Partitions whose due KBs this replica cannot migrate: the host does not list them, or the build lacks what they need. */
    synchronized void cannotFinish(Set<Integer> partitions) {
        unfinishable.addAll(partitions);
    }

    /** Done with partitions, in which nothing could be done: stay away for a random while that doubles each time. */
    synchronized void fruitless(Set<Integer> partitions) {
        held.removeAll(partitions);
        long now = config.surroundings().nanoTime();
        for (int partition : partitions) {
            Avoided before = avoided.get(partition);
            int times = before == null ? 1 : before.times() + 1;
            Duration delay = stayAway.delay(times, config.surroundings());
            avoided.put(partition, new Avoided(times, now + delay.toNanos()));
        }
    }

    /** The partitions in which this replica could not finish. */
    synchronized Set<Integer> unfinishable() {
        return Set.copyOf(unfinishable);
    }

    /** What a worker has learnt of how many KBs are due in a partition. */
    synchronized void learnDensity(int partitions, long kbs) {
        double perPartition = Math.max(0.1, (double) kbs / partitions);
        kbsPerPartition = kbsPerPartition < 0 ? perPartition : (kbsPerPartition + perPartition) / 2;
    }

    /** How many KBs a worker has seen to their end in that time, and for how long they ran, all together. */
    synchronized void learnRate(long kbs, long nanos, long ranNanos) {
        if (kbs <= 0 || nanos <= 0) {
            return;
        }
        double rate = kbs * 1e9 / nanos;
        kbsPerSecond = kbsPerSecond < 0 ? rate : (kbsPerSecond + rate) / 2;
        storeBound = (double) ranNanos * Math.max(1, workers.size()) < FEW_SLOTS * nanos * config.kbConcurrency();
        if (!candidates.isEmpty() && workers.size() < wantedWorkers()) {
            // There is room for others
            loopSignal.raise();
        }
    }

    /** How many workers there is something to do for; one, as long as it is not known that several can do more. */
    synchronized int wantedWorkers() {
        if (kbsPerPartition < 0 || !storeBound) {
            return candidates.isEmpty() ? 0 : 1;
        }
        double kbs = candidates.size() * kbsPerPartition;
        return (int) Math.min(Math.max(LEAST_WORKERS, config.storeConcurrency()), Math.ceil(kbs / LEAST_KBS));
    }

    /** Whether a worker may write a batch now; one that may not is woken when another has written. */
    synchronized boolean beginWriting() {
        if (writing >= config.storeConcurrency()) {
            othersWait = true;
            return false;
        }
        writing++;
        return true;
    }

    /** The batch is written, or could not be. */
    synchronized void endWriting() {
        writing--;
        if (othersWait) {
            othersWait = false;
            workers.forEach(Worker::wake);
        }
    }

    /** Whether that worker is to take more; the first one always is. */
    synchronized boolean isWanted(Worker worker) {
        return storeBound || workers.indexOf(worker) <= 0;
    }

    synchronized int workers() {
        return workers.size();
    }

    synchronized void workerStarted(Worker worker) {
        workers.add(worker);
    }

    /** The last one to end wakes the loop, if something has changed that it may build on. */
    synchronized void workerEnded(Worker worker) {
        workers.remove(worker);
        if (workers.isEmpty() && (changed || stopping)) {
            loopSignal.raise();
        }
    }

    synchronized void wakeWorkers() {
        workers.forEach(Worker::wake);
    }

    boolean isStopping() {
        return stopping;
    }

    /** Whether nothing more is to be started: this replica stops, or an operator has paused the fleet. */
    boolean isHalted() {
        View latest = view;
        return stopping || (latest != null && latest.paused());
    }

    /** Asks the lock service, and notes whether it answers. */
    <T> T asked(Supplier<T> question) {
        try {
            T answer = question.get();
            lockOutage.answered();
            return answer;
        } catch (RuntimeException | Error e) {
            lockOutage.failed(e, config.surroundings().nanoTime());
            throw e;
        }
    }

    /** Nothing more is taken; what is held is given back as soon as it is quiet. */
    void stop() {
        stopping = true;
        synchronized (this) {
            candidates.clear();
        }
        wakeWorkers();
        loopSignal.raise();
    }

    /** Wakes the loop: something has changed. */
    void wakeLoop() {
        loopSignal.raise();
    }
}
