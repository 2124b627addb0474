package dev.kbmigrator.internal.engine;

import java.time.Duration;

/**
 * When a replica looks at the KBs themselves instead of the floors: once an hour. It finds what nobody could know of: KBs
 * that a person with a tool has put behind their floors. Where it has found some, it looks again and again, until nothing is left
 * that can be brought up. As it goes through all KBs, one replica does it for all. Safe for use by many threads.
 */
final class ThoroughLooks {

    private static final Duration INTERVAL = Duration.ofHours(1);
    private static final Duration FIRST_AGAIN = Duration.ofSeconds(1);

    private final EngineConfig config;
    private long next;
    private int found;
    private Duration again = Duration.ZERO;

    ThoroughLooks(EngineConfig config) {
        this.config = config;
        this.next = config.surroundings().nanoTime() + INTERVAL.toNanos();
    }

    /** Whether the look that comes after that view is to be one, when it is sent now. */
    synchronized boolean isDue(View before, long now) {
        if (now - next < 0
                || !before.looksForAll(config.identity().id(), config.timings().lately())) {
            return false;
        }
        next = now + INTERVAL.toNanos();
        return true;
    }

    /** What one showed. In a fleet that is on its way, KBs that are not there yet are nothing to wonder at. */
    synchronized void showed(View view) {
        int before = found;
        found = view.state().unfinished() ? 0 : view.partitionsBelowGoal().size();
        if (found == 0) {
            return;
        }
        boolean goesOn = before == 0 || found < before;
        again = goesOn ? Duration.ZERO : again.isZero() ? FIRST_AGAIN : again.multipliedBy(2);
        if (again.compareTo(INTERVAL) > 0) {
            again = INTERVAL;
        }
        next = config.surroundings().nanoTime() + again.toNanos();
    }
}
