package dev.kbmigrator.internal.engine;

import com.google.common.math.LongMath;
import java.time.Duration;

/**
 * Exponential backoff with jitter: the n-th delay is drawn evenly from the upper half of {@code first * 2^(n-1)}, which is
 * bounded by {@code most}. Half of the delay stays fixed, so that a failing KB is never tried in a tight loop.
 *
 * @param first the longest first delay
 * @param most the longest of all
 */
public record Backoff(Duration first, Duration most) {

    private static final int MAX_DOUBLINGS = 40;

    /** The delay after that many failures in a row, at least 1. */
    Duration delay(int failures, Surroundings surroundings) {
        int doublings = Math.min(failures - 1, MAX_DOUBLINGS);
        long millis = Math.min(most.toMillis(), LongMath.saturatedMultiply(first.toMillis(), 1L << doublings));
        return Duration.ofMillis(millis - surroundings.random(millis / 2 + 1));
    }
}
