package dev.kbmigrator.internal.engine;

import java.time.Duration;

/** Surroundings whose time and chance a test sets; for use by one thread. */
class Manual extends Frozen {

    /** Nothing that waits when it has nothing to do asks for the time this often. */
    private static final int MOST_QUESTIONS = 10_000;

    private long nanos;
    private int questions;
    private long chance;

    void pass(Duration time) {
        nanos += time.toNanos();
        questions = 0;
    }

    /** From now on chance says that, or the most that it may say if that is less. */
    void chance(long number) {
        chance = number;
    }

    @Override
    public long nanoTime() {
        if (++questions > MOST_QUESTIONS) {
            throw new AssertionError("something goes round and round, and no time passes");
        }
        return nanos;
    }

    @Override
    public long random(long bound) {
        return Math.min(chance, bound - 1);
    }
}
