package dev.kbmigrator.internal.look;

import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Environment;
import java.time.Duration;

/**
 * When a replica makes a thorough look, which goes through the KBs themselves instead of the floors: once an hour. It finds what
 * nobody could know of: KBs that a person with a tool has put behind their floors. Where it has found some, it looks again until
 * nothing is left that can be brought up. Because it reads every KB, one replica does it for all. Safe for use by many threads.
 */
final class ThoroughLookSchedule {

    private static final Duration INTERVAL = Duration.ofHours(1);
    private static final Duration FIRST_REPEAT = Duration.ofSeconds(1);

    private final String replicaId;
    private final Duration recently;
    private final Environment environment;
    private long next;
    private boolean asked;
    private int found;
    private Duration repeatAfter = Duration.ZERO;

    ThoroughLookSchedule(String replicaId, Duration recently, Environment environment) {
        this.replicaId = replicaId;
        this.recently = recently;
        this.environment = environment;
        this.next = environment.nanoTime() + INTERVAL.toNanos();
    }

    /** Returns whether the look that comes after that view is to be a thorough one, if it is sent now. */
    synchronized boolean isDue(FleetView before, long now) {
        if (asked) {
            asked = false;
            return true;
        }
        if (now - next < 0 || !before.makesThoroughLooks(replicaId, recently)) {
            return false;
        }
        next = now + INTERVAL.toNanos();
        return true;
    }

    /** Somebody has reason to believe that KBs are behind their floors. */
    synchronized void dueNow() {
        asked = true;
    }

    /** Tells what a thorough look showed. While a target is unfinished, KBs below it are to be expected. */
    synchronized void showed(FleetView view) {
        int before = found;
        found = view.state().unfinished() ? 0 : view.partitionsBelowGoal().size();
        if (found == 0) {
            return;
        }
        boolean progressed = before == 0 || found < before;
        repeatAfter = progressed ? Duration.ZERO : repeatAfter.isZero() ? FIRST_REPEAT : repeatAfter.multipliedBy(2);
        if (repeatAfter.compareTo(INTERVAL) > 0) {
            repeatAfter = INTERVAL;
        }
        next = environment.nanoTime() + repeatAfter.toNanos();
    }
}
