package dev.kbmigrator.simulation;

/** A clock that starts anywhere, and that may run too fast or too slowly and jump. */
final class SimClock {

    private static final int MOST_DRIFT = 50;
    private static final long EVER = 1_000_000_000_000_000L;

    private final Scheduler scheduler;

    /** How much too fast it runs, in thousandths. */
    private final long drift;

    private long offset;

    SimClock(Scheduler scheduler, long origin, boolean drifts) {
        this.scheduler = scheduler;
        this.offset = origin;
        this.drift = drifts ? scheduler.random.nextInt(-MOST_DRIFT, MOST_DRIFT + 1) : 0;
    }

    /** What it shows, in nanoseconds; it may overflow. */
    long nanos() {
        return offset + scheduler.now() + scheduler.now() / 1_000 * drift;
    }

    /** From now on it shows so much more. */
    void jump(long nanos) {
        offset += nanos;
    }

    /** How long it takes until so much has passed by this clock. */
    long untilPassed(long nanos) {
        return nanos <= 0 || nanos > EVER ? nanos : (nanos * 1_000 + 999 + drift) / (1_000 + drift);
    }
}
