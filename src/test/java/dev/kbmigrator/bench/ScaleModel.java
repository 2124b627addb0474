package dev.kbmigrator.bench;

import java.util.Map;
import java.util.Map.Entry;
import java.util.TreeMap;

/**
 * How fast a fleet gets through one migration and what it asks of the database, for fleets that no test can hold: the slowest of
 * what could limit it. {@code docs/scale.md} explains it, {@link ScaleSimulation} checks it by playing a fleet batch by batch,
 * and {@link ScaleMain} against what the benchmark has measured.
 *
 * <p>Seconds of processor time are those of one core of the machine where they were measured.
 *
 * @param costs what each thing costs
 * @param store the database server
 * @param replica each of the replicas
 */
record ScaleModel(Costs costs, Store store, Replica replica) {

    static final int PARTITIONS = 256;

    /** What {@code StateStore.maxBatch} is on PostgreSQL. */
    static final int BATCH = 1_024;

    /** A batch that is not full is written after that long. */
    static final double LINGER_SECONDS = 0.05;

    /** The default of {@code MigratorBuilder.activeLookInterval}. */
    static final double ACTIVE_LOOK_SECONDS = 2;

    /** Each replica's look ignores the floors that often, and goes through all KBs. */
    static final double THOROUGH_LOOK_SECONDS = 3_600;

    /**
     * What each thing costs.
     *
     * @param serverSecondsPerKb processor time of the server: a KB's share of its page and of its batch, when both are full
     * @param serverSecondsPerBatch processor time of the server for a batch, however small
     * @param clientSecondsPerKb processor time of the replica
     * @param serverSecondsPerLook processor time of the server for a look that shows one replica
     * @param serverSecondsPerReplicaSeen what each further replica adds to every look
     * @param serverSecondsPerKbScanned processor time of the server for each KB that a thorough look goes through
     * @param serverSecondsPerPass processor time of the server for taking a partition and giving it back
     * @param walBytesPerKb what the server writes to its log for a KB
     * @param walBytesPerLook the heartbeat of a look
     * @param batchSeconds how long a worker waits for a page and for the commit of a batch
     */
    record Costs(
            double serverSecondsPerKb,
            double serverSecondsPerBatch,
            double clientSecondsPerKb,
            double serverSecondsPerLook,
            double serverSecondsPerReplicaSeen,
            double serverSecondsPerKbScanned,
            double serverSecondsPerPass,
            double walBytesPerKb,
            double walBytesPerLook,
            double batchSeconds) {}

    /**
     * The database server.
     *
     * @param cores how many cores it has
     * @param walBytesPerSecond how much of its log it can make durable
     * @param commitsPerSecond how many commits it can make durable, one by one
     * @param sharedWithReplicas whether the replicas run on the same cores, as in the benchmark
     */
    record Store(int cores, double walBytesPerSecond, double commitsPerSecond, boolean sharedWithReplicas) {}

    /**
     * One replica.
     *
     * @param cores how many cores it has for migrations
     * @param kbConcurrency how many KBs it runs at a time
     * @param storeConcurrency how many workers it has
     */
    record Replica(int cores, int kbConcurrency, int storeConcurrency) {}

    /**
     * What is to be done.
     *
     * @param kbs how many KBs are behind
     * @param replicas how many replicas there are
     * @param bodySeconds how long the migration of a KB waits, for anything but the library's tables
     */
    record ModelledFleet(long kbs, int replicas, double bodySeconds) {}

    /** What could limit it. */
    enum Limit {
        STORE_CPU,
        STORE_LOG,
        STORE_COMMITS,
        REPLICA_CPU,
        REPLICA_EXECUTIONS,
        REPLICA_BATCHES
    }

    /**
     * What is to be expected.
     *
     * @param seconds from the first look to the last floor
     * @param kbsPerSecond the rate while all partitions that can be held are
     * @param limit what limits that rate
     * @param busyReplicas how many replicas hold a partition
     * @param load what the store is asked to do at that rate
     */
    record Prediction(double seconds, double kbsPerSecond, Limit limit, int busyReplicas, Load load) {}

    /**
     * What the store does.
     *
     * @param looksPerSecond looks of all replicas
     * @param lookShare the part of the server's processor time that looks take
     * @param thoroughShare the part that the hourly look takes, on the average; one replica makes it for all
     * @param busyShare the part that all of it takes
     * @param walBytesPerSecond the server's log
     * @param commitsPerSecond batches and heartbeats
     */
    record Load(
            double looksPerSecond,
            double lookShare,
            double thoroughShare,
            double busyShare,
            double walBytesPerSecond,
            double commitsPerSecond) {}

    Prediction predict(ModelledFleet fleet) {
        int busy = Math.min(fleet.replicas(), PARTITIONS);
        double looks = fleet.replicas() / ACTIVE_LOOK_SECONDS;
        Map<Limit, Double> rates = rates(fleet, busy, looks);
        Entry<Limit, Double> slowest =
                rates.entrySet().stream().min(Entry.comparingByValue()).orElseThrow();
        double rate = slowest.getValue();
        return new Prediction(
                Math.max(fleet.kbs() / rate, lastPartitions(fleet, rates)),
                rate,
                slowest.getKey(),
                busy,
                load(fleet, looks, slowest));
    }

    private Load load(ModelledFleet fleet, double looks, Entry<Limit, Double> slowest) {
        double rate = slowest.getValue();
        double workers = Math.min(PARTITIONS, fleet.replicas() * replica.storeConcurrency());
        // Where the store is what limits, batches fill while it is waited for
        double batch = slowest.getKey().name().startsWith("STORE")
                ? BATCH
                : Math.min(BATCH, Math.max(1, rate / workers * LINGER_SECONDS));
        double commits = Math.min(store.commitsPerSecond(), rate / batch + looks);
        double lookShare = looks * secondsPerLook(fleet.replicas()) / store.cores();
        double batchSeconds = rate * costs.serverSecondsPerKb() + (commits - looks) * costs.serverSecondsPerBatch();
        return new Load(
                looks,
                lookShare,
                fleet.kbs() * costs.serverSecondsPerKbScanned() / THOROUGH_LOOK_SECONDS / store.cores(),
                Math.min(1, lookShare + batchSeconds / store.cores()),
                rate * costs.walBytesPerKb() + looks * costs.walBytesPerLook(),
                commits);
    }

    private Map<Limit, Double> rates(ModelledFleet fleet, int busy, double looks) {
        double perPartition = (double) fleet.kbs() / PARTITIONS;
        double serverSeconds = costs.serverSecondsPerKb() + costs.serverSecondsPerPass() / perPartition;
        double free = Math.max(0, store.cores() - looks * secondsPerLook(fleet.replicas()));
        Map<Limit, Double> rates = new TreeMap<>();
        if (store.sharedWithReplicas()) {
            rates.put(Limit.STORE_CPU, free / (serverSeconds + costs.clientSecondsPerKb()));
        } else {
            rates.put(Limit.STORE_CPU, free / serverSeconds);
            rates.put(Limit.REPLICA_CPU, busy * replica.cores() / costs.clientSecondsPerKb());
        }
        rates.put(
                Limit.STORE_LOG,
                Math.max(0, store.walBytesPerSecond() - looks * costs.walBytesPerLook()) / costs.walBytesPerKb());
        rates.put(Limit.STORE_COMMITS, Math.max(0, store.commitsPerSecond() - looks) * BATCH);
        rates.put(Limit.REPLICA_BATCHES, busy * replica.storeConcurrency() * BATCH / costs.batchSeconds());
        if (fleet.bodySeconds() > 0) {
            rates.put(Limit.REPLICA_EXECUTIONS, busy * replica.kbConcurrency() / fleet.bodySeconds());
        }
        return rates;
    }

    /** A look reads all floors and every replica. */
    double secondsPerLook(int replicas) {
        return costs.serverSecondsPerLook() + (replicas - 1) * costs.serverSecondsPerReplicaSeen();
    }

    /**
     * A partition is one replica's until it is done. So a replica that gets one more than the others ends later, by a whole
     * partition at its own pace: what limits a replica makes steps of 256, 128, 86, 64 replicas.
     */
    private static double lastPartitions(ModelledFleet fleet, Map<Limit, Double> rates) {
        int busy = Math.min(fleet.replicas(), PARTITIONS);
        double ownPace = rates.entrySet().stream()
                        .filter(rate -> rate.getKey().name().startsWith("REPLICA"))
                        .mapToDouble(Entry::getValue)
                        .min()
                        .orElse(Double.MAX_VALUE)
                / busy;
        double most = Math.ceil((double) PARTITIONS / busy);
        return most * fleet.kbs() / PARTITIONS / ownPace;
    }
}
