package dev.kbmigrator.internal.engine;

import java.time.Duration;

/** Surroundings whose time and chance a test sets. */
final class Manual extends Frozen {

    private long nanos;
    private long chance;

    void pass(Duration time) {
        nanos += time.toNanos();
    }

    /** From now on chance says that, or the most that it may say if that is less. */
    void chance(long number) {
        chance = number;
    }

    @Override
    public long nanoTime() {
        return nanos;
    }

    @Override
    public long random(long bound) {
        return Math.min(chance, bound - 1);
    }
}
