package dev.kbmigrator.internal.support;

import com.google.common.math.LongMath;
import java.time.Duration;

/**
 * Exponential backoff with jitter: the n-th delay is drawn evenly from the upper half of {@code first * 2^(n-1)}, which is
 * limited to {@code longest}. Half of the delay is fixed, so that a failing KB is never retried in a tight loop.
 *
 * @param first the longest first delay
 * @param longest the longest delay of all
 */
public record Backoff(Duration first, Duration longest) {

    private static final int MAX_DOUBLINGS = 40;

    /** Returns the delay after that many failures in a row, at least 1. */
    public Duration delay(int failures, Environment environment) {
        int doublings = Math.min(failures - 1, MAX_DOUBLINGS);
        long millis = Math.min(longest.toMillis(), LongMath.saturatedMultiply(first.toMillis(), 1L << doublings));
        return Duration.ofMillis(millis - environment.random(millis / 2 + 1));
    }
}
