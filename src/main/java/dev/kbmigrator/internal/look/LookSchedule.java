package dev.kbmigrator.internal.look;

import dev.kbmigrator.internal.config.RunMode;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Environment;
import java.util.concurrent.TimeUnit;

/**
 * When a replica looks next. While there is something to do it looks at the active interval, otherwise at the idle one, or when the
 * next attempt at a KB is due.
 *
 * <ul>
 *   <li>After a change of the fleet's state, the next look comes after a sixteenth of the active interval, and then after twice as
 *       long each time: a stage that one replica opens is work for all.
 *   <li>While others hold what is due, after half of the interval: one of them may have died.
 *   <li>A coordinator that waits for KBs of other replicas looks after a quarter of it, and after a sixteenth when all but a few
 *       partitions are done.
 *   <li>A single run that only waits for others looks as often, but less often the more replicas there are.
 * </ul>
 *
 * So a small fleet does not advance in steps of two seconds, and a large one is not asked more often for long.
 */
public final class LookSchedule {

    private static final int LOOK_SHARE = 10;
    private static final int MAX_HALVINGS = 4;
    private static final int FEW_PARTITIONS = 16;

    /** The most looks that all replicas together make per active interval while they only wait for each other. */
    private static final int MAX_LOOKS_WHILE_WAITING = 128;

    private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final FleetObserver observer;
    private final Workload workload;
    private final RunMode mode;
    private final Timings timings;
    private final Environment environment;
    private long revision = -1;
    private int looksWithoutChange;

    /** What this replica's workers are doing. */
    public interface Workload {

        /** Returns how many workers this replica has. */
        int workers();

        /** Returns whether other replicas held what is due when it was tried recently. */
        boolean isContended();
    }

    public LookSchedule(
            FleetObserver observer, Workload workload, RunMode mode, Timings timings, Environment environment) {
        this.observer = observer;
        this.workload = workload;
        this.mode = mode;
        this.timings = timings;
        this.environment = environment;
    }

    /** Tells which view the loop goes by. */
    public void goesBy(FleetView view) {
        boolean changed = view.state().revision() != revision;
        looksWithoutChange = changed ? 0 : Math.min(MAX_HALVINGS, looksWithoutChange + 1);
        revision = view.state().revision();
    }

    /** Returns how long the loop waits after that view, in nanoseconds. */
    public long afterLook(FleetView view) {
        boolean active = view.state().unfinished() || !view.duePartitions().isEmpty() || workload.workers() > 0;
        long wait = active ? whileActive(view) : timings.idleLook().toNanos();
        if (view.nextDueMicros() != Long.MAX_VALUE && !mode.isSingleRun()) {
            long micros = Math.max(0, view.nextDueMicros() - view.snapshot().storeMicros());
            long passed = environment.nanoTime() - view.takenAt();
            wait = Math.min(wait, TimeUnit.MICROSECONDS.toNanos(micros) - passed + SHORTEST_NANOS);
        }
        return Math.max(shortest(), wait);
    }

    private long whileActive(FleetView view) {
        long usual = timings.activeLook().toNanos();
        long wait = usual >> (MAX_HALVINGS - looksWithoutChange);
        if (workload.isContended()) {
            wait = Math.min(wait, usual / 2);
        }
        if (mode.isSingleRun() && (workload.workers() == 0 || workload.isContended())) {
            long replicas = view.seenWithin(timings.recently()).count();
            wait = Math.min(wait, Math.max(usual >> MAX_HALVINGS, usual * replicas / MAX_LOOKS_WHILE_WAITING));
        }
        return wait;
    }

    /**
     * Returns how long the coordinator waits at a barrier, in nanoseconds. While this replica itself has KBs in hand there is no hurry:
     * the coordinator is woken when they are done. Safe for use by the coordinator's thread.
     */
    public long atBarrier(FleetView view) {
        long usual = timings.activeLook().toNanos();
        if (workload.workers() > 0) {
            return Math.max(shortest(), usual);
        }
        boolean few = view.duePartitions().size() <= FEW_PARTITIONS;
        return Math.max(shortest(), few ? usual >> MAX_HALVINGS : usual / 4);
    }

    /** Looks take at most a tenth of the time, however much there is to count. */
    private long shortest() {
        return Math.max(SHORTEST_NANOS, LOOK_SHARE * observer.usualLookNanos());
    }
}
