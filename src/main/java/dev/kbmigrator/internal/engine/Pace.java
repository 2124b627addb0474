package dev.kbmigrator.internal.engine;

import java.util.concurrent.TimeUnit;

/**
 * How long a replica waits between two looks.
 *
 * <p>While a target is unfinished, that is {@code activeLook}. It is a sixteenth, and then twice as long each time, after the
 * global state has changed, because one thing leads to another: a stage that opens in one replica is work for all. It is half
 * when others hold what is due, because one of them may have died. At a barrier it is a quarter for the coordinator, and a
 * sixteenth when all but a few partitions are there. A single run that has nothing left to do but to see the others end looks as
 * often, but the less so the more replicas there are. So a small fleet is not brought up in steps of two seconds, and a large one
 * is not asked more often for long.
 */
final class Pace {

    private static final int LOOK_SHARE = 10;
    private static final int QUICKEST = 4;
    private static final int FEW_PARTITIONS = 16;

    /** How many looks all replicas together make in {@code activeLook} at most, while they only wait for each other. */
    private static final int MOST_WHILE_WAITING = 128;

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
        long wait = active ? whileActive(view) : config.timings().idleLook().toNanos();
        if (view.nextDueMicros() != Long.MAX_VALUE && !once) {
            long micros = Math.max(0, view.nextDueMicros() - view.snapshot().storeMicros());
            long passed = config.surroundings().nanoTime() - view.takenAt();
            wait = Math.min(wait, TimeUnit.MICROSECONDS.toNanos(micros) - passed + SHORTEST_NANOS);
        }
        return Math.max(shortest(), wait);
    }

    private long whileActive(View view) {
        long usual = config.timings().activeLook().toNanos();
        long wait = usual >> (QUICKEST - looksWithoutChange);
        if (board.isContended()) {
            wait = Math.min(wait, usual / 2);
        }
        if (once && (board.workers() == 0 || board.isContended())) {
            long replicas = view.seenWithin(config.timings().lately()).count();
            wait = Math.min(wait, Math.max(usual >> QUICKEST, usual * replicas / MOST_WHILE_WAITING));
        }
        return wait;
    }

    /**
     * How long the coordinator waits for KBs that others bring up. As long as this replica itself has some in hand there is no
     * hurry: it is woken when they are done.
     */
    long atBarrier(View view) {
        long usual = config.timings().activeLook().toNanos();
        if (board.workers() > 0) {
            return Math.max(shortest(), usual);
        }
        boolean few = view.duePartitions().size() <= FEW_PARTITIONS;
        return Math.max(shortest(), few ? usual >> QUICKEST : usual / 4);
    }

    /** Looks take at most a tenth of the time, however much there is to count. A single slow one does not count. */
    private long shortest() {
        return Math.max(SHORTEST_NANOS, LOOK_SHARE * Math.min(lookNanos, lookNanosBefore));
    }
}
