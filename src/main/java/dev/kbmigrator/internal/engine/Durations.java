package dev.kbmigrator.internal.engine;

import java.time.Duration;

/** Durations from outside, bounded: one that means "for ever" must not overflow a sum of nanoseconds. */
public final class Durations {

    private static final Duration LONGEST = Duration.ofDays(10 * 365);

    private Durations() {}

    /** The duration, or ten years if that is less. */
    public static Duration bounded(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
    }
}
