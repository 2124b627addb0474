package dev.kbmigrator.internal.engine;

import java.util.concurrent.TimeUnit;

/**
 * How long a replica waits between two looks.
 *
 * <p>While a target is unfinished, that is {@code activeLook}. It is less, and then twice as long each time, after the global
 * state has changed, because one thing leads to another: a stage that opens in one replica is work for all. It is half when
 * others hold what is due, because one of them may have died. It is a quarter at a barrier, for the coordinator alone, and for a
 * single run that has nothing left to do but to see the others end. So a small fleet is not brought up in steps of two
 * seconds, and a large one is not asked more often for long.
 */
final class Pace {

    private static final int LOOK_SHARE = 10;
    private static final int QUICKEST = 4;
    private static final long SHORTEST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final EngineConfig config;
    private final Board board;
    private final boolean once;
    private volatile long lookNanos;
    private volatile long lookNanosBefore;
    private long revision = -1;
    private int looksWithoutChange;

    Pace(EngineConfig config, Board board, boolean once) {
        this.config = config;
        this.board = board;
        this.once = once;
    }

    /** A look took so long. */
    void took(long nanos) {
        lookNanosBefore = lookNanos;
        lookNanos = nanos;
    }

    /** The loop goes by this view. */
    void goesBy(View view) {
        boolean changed = view.state().revision() != revision;
        looksWithoutChange = changed ? 0 : Math.min(QUICKEST, looksWithoutChange + 1);
        revision = view.state().revision();
    }

    /** How long the loop waits after that view. */
    long afterLook(View view) {
        boolean active = view.state().unfinished() || !view.duePartitions().isEmpty() || board.workers() > 0;
        long wait = active
                ? config.timings().activeLook().toNanos() / divisor()
                : config.timings().idleLook().toNanos();
        if (view.nextDueMicros() != Long.MAX_VALUE && !once) {
            long micros = Math.max(0, view.nextDueMicros() - view.snapshot().storeMicros());
            long passed = config.surroundings().nanoTime() - view.takenAt();
            wait = Math.min(wait, TimeUnit.MICROSECONDS.toNanos(micros) - passed + SHORTEST_NANOS);
        }
        return Math.max(shortest(), wait);
    }

    private int divisor() {
        int divisor = 1 << (QUICKEST - looksWithoutChange);
        if (board.isContended()) {
            divisor = Math.max(divisor, 2);
        }
        return once && board.workers() == 0 ? Math.max(divisor, 4) : divisor;
    }

    /** How long the coordinator waits for KBs that others bring up. */
    long atBarrier() {
        return Math.max(shortest(), config.timings().activeLook().toNanos() / 4);
    }

    /** Looks take at most a tenth of the time, however much there is to count. A single slow one does not count. */
    private long shortest() {
        return Math.max(SHORTEST_NANOS, LOOK_SHARE * Math.min(lookNanos, lookNanosBefore));
    }
}
