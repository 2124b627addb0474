package dev.kbmigrator.internal.support;

import java.time.Duration;

/** Limits durations from outside: one that means "forever" must not overflow a sum of nanoseconds. */
public final class Durations {

    private static final Duration LONGEST = Duration.ofDays(10 * 365);

    private Durations() {}

    /** Returns the duration, or ten years if that is shorter. */
    public static Duration bounded(Duration duration) {
        return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
    }
}
