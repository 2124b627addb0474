package dev.kbmigrator.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A clock that stands still until a test advances it. It returns microseconds since 1970, so it fits both implementations in
 * memory: {@code new MemoryStateStore(ticker)} and {@code MemoryLock.create(ticker)}. Safe for use by many threads.
 */
public final class ManualTicker implements LongSupplier {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicLong micros;

    /** Creates a clock that starts at 2026-01-01T00:00:00Z. */
    public ManualTicker() {
        this(START);
    }

    /**
     * Creates a clock that starts at the given instant.
     *
     * @param start the first time that the clock shows, truncated to microseconds
     */
    public ManualTicker(Instant start) {
        this.micros = new AtomicLong(ChronoUnit.MICROS.between(Instant.EPOCH, start));
    }

    /**
     * Returns the current time of this clock.
     *
     * @return microseconds since 1970
     */
    @Override
    public long getAsLong() {
        return micros.get();
    }

    /**
     * Advances the clock.
     *
     * @param by how far to advance it, at least zero, truncated to microseconds
     * @throws IllegalArgumentException if {@code by} is negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("the clock can only advance, not move by " + by);
        }
        micros.addAndGet(by.toNanos() / 1_000);
    }
}
