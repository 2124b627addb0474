package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.config.Concurrency;

/**
 * How many partitions a worker takes at once, and how many workers are wanted.
 *
 * <p>A worker takes as many partitions as hold some 16,000 due KBs, as far as earlier takes tell, and only a few at first; no more than
 * can be done in a second or so; and no more than half of an equal share of what is left, or than hold a thousand KBs, so that all
 * replicas finish at about the same time (guided self-scheduling; Polychronopoulos and Kuck, 1987). There is one worker unless three
 * quarters of the execution threads are free on average because the store is what limits: where a worker waits for KBs, a second one
 * would only keep partitions from others.
 *
 * <p>A plain object: {@link PartitionQueue} guards it with its own monitor.
 */
final class TakeSizing {

    private static final int MAX_KBS = 16_384;
    private static final int MIN_KBS = 1_024;
    private static final int PARTITIONS_AT_FIRST = 8;

    /** One reads and runs KBs while the other writes. */
    private static final int MIN_WORKERS = 2;

    private static final double FEW_THREADS = 0.25;
    private static final double MAX_SECONDS = 1;

    private final Concurrency concurrency;
    private double kbsPerPartition = -1;
    private double kbsPerSecond = -1;
    private boolean storeBound;
    private int lastTake = PARTITIONS_AT_FIRST / 2;

    TakeSizing(Concurrency concurrency) {
        this.concurrency = concurrency;
    }

    /** Returns how many of the available partitions a worker takes, and remembers it. */
    int nextTake(int available, int workers, int replicas) {
        double most = 2.0 * lastTake;
        if (kbsPerPartition > 0) {
            most = Math.min(most, MAX_KBS / kbsPerPartition);
            if (kbsPerSecond > 0) {
                most = Math.min(most, MAX_SECONDS * kbsPerSecond / kbsPerPartition);
            }
        }
        double share = available / (2.0 * Math.max(1, replicas) * Math.max(1, workers));
        double least = kbsPerPartition > 0 ? MIN_KBS / kbsPerPartition : 0;
        lastTake = (int) Math.max(1, Math.min(most, Math.max(share, least)));
        return lastTake;
    }

    /** Learns how many KBs are due per partition. */
    void learnDensity(int partitions, long kbs) {
        double perPartition = Math.max(0.1, (double) kbs / partitions);
        kbsPerPartition = kbsPerPartition < 0 ? perPartition : (kbsPerPartition + perPartition) / 2;
    }

    /** Learns how many KBs a worker has completed in that time, and for how long they ran in total. */
    void learnRate(long kbs, long nanos, long ranNanos, int workers) {
        double rate = kbs * 1e9 / nanos;
        kbsPerSecond = kbsPerSecond < 0 ? rate : (kbsPerSecond + rate) / 2;
        storeBound = (double) ranNanos * Math.max(1, workers) < FEW_THREADS * nanos * concurrency.kbs();
    }

    /** Returns whether the store is what limits, so that several workers can do more than one. */
    boolean isStoreBound() {
        return storeBound;
    }

    /** Returns how many workers the available partitions are enough for; one, as long as it is not known that several can do more. */
    int wantedWorkers(int available) {
        if (kbsPerPartition < 0 || !storeBound) {
            return available == 0 ? 0 : 1;
        }
        double kbs = available * kbsPerPartition;
        return (int) Math.min(Math.max(MIN_WORKERS, concurrency.writers()), Math.ceil(kbs / MIN_KBS));
    }
}
