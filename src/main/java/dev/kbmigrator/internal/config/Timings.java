package dev.kbmigrator.internal.config;

import dev.kbmigrator.internal.support.Backoff;
import java.time.Duration;

/**
 * How often things happen, and how long they may take.
 *
 * @param leaseTtl how long a lease lives unless it is renewed
 * @param activeLook the time between looks while a target is unfinished
 * @param idleLook the time between looks otherwise
 * @param listing the time between two listings of the host's KBs
 * @param backoff how long a failing KB or global part waits
 * @param rolloutGrace how long a full rollout waits for a silent replica
 */
public record Timings(
        Duration leaseTtl,
        Duration activeLook,
        Duration idleLook,
        Duration listing,
        Backoff backoff,
        Duration rolloutGrace) {

    private static final int LOOKS_TO_MISS = 4;

    /** Returns how recently a replica must have been seen to count as being at work. */
    public Duration recently() {
        Duration looks = idleLook.multipliedBy(LOOKS_TO_MISS);
        return leaseTtl.compareTo(looks) > 0 ? leaseTtl : looks;
    }
}
