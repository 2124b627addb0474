package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a replica is made of; fixed when it is built.
 *
 * @param catalog the migrations
 * @param store the truth
 * @param lock the efficiency
 * @param knowledgeBoxes the host's list
 * @param services what migrations can ask for
 * @param listeners who is told
 * @param surroundings time, waiting, threads and chance
 * @param executor where the bodies run
 * @param identity who this replica is
 * @param baseline the version at which a fleet is adopted
 * @param kbConcurrency how many KBs run at a time
 * @param storeConcurrency how many threads write batches of KBs at a time
 * @param timings how often and how long
 */
public record EngineConfig(
        Catalog catalog,
        StateStore store,
        Lock lock,
        KnowledgeBoxes knowledgeBoxes,
        Services services,
        List<MigratorListener> listeners,
        Surroundings surroundings,
        Executor executor,
        Identity identity,
        long baseline,
        int kbConcurrency,
        int storeConcurrency,
        Timings timings) {

    /**
     * Who a replica is.
     *
     * @param id unique to this life of it
     * @param node the machine that it runs on
     * @param build which build it is
     */
    public record Identity(String id, String node, String build) {}

    /**
     * How often and how long.
     *
     * @param leaseTtl how long a lease lives unless it is renewed
     * @param activeLook the time between looks while a target is unfinished
     * @param idleLook the time between looks else
     * @param listing the time between two listings of the host's KBs
     * @param backoff how long a failing KB waits
     * @param attemptTimeout how long a part may run; null: as long as it wants
     * @param rolloutGrace how long a silent replica is waited for
     */
    public record Timings(
            Duration leaseTtl,
            Duration activeLook,
            Duration idleLook,
            Duration listing,
            Backoff backoff,
            @Nullable Duration attemptTimeout,
            Duration rolloutGrace) {

        private static final int LOOKS_TO_MISS = 4;

        /** A replica that was seen within this is at work, as far as one can tell. */
        Duration lately() {
            Duration looks = idleLook.multipliedBy(LOOKS_TO_MISS);
            return leaseTtl.compareTo(looks) > 0 ? leaseTtl : looks;
        }
    }

    /** How long a part of that version may run. */
    Optional<Duration> timeoutOf(long version) {
        return catalog.timeout(version).or(() -> Optional.ofNullable(timings.attemptTimeout()));
    }
}
