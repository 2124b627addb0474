package dev.kbmigrator.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * A clock that stands still until a test moves it. It gives microseconds since 1970, as the memory implementations take
 * them: {@code new MemoryStateStore(ticker)}, {@code MemoryLock.create(ticker)}. Safe for use by many threads.
 */
public final class ManualTicker implements LongSupplier {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicLong micros;

    /** A clock that starts at the first instant of 2026, UTC. */
    public ManualTicker() {
        this(START);
    }

    /**
     * A clock that starts at an instant.
     *
     * @param start what it shows at first; kept to the microsecond
     */
    public ManualTicker(Instant start) {
        this.micros = new AtomicLong(ChronoUnit.MICROS.between(Instant.EPOCH, start));
    }

    /**
     * What the clock shows.
     *
     * @return microseconds since 1970
     */
    @Override
    public long getAsLong() {
        return micros.get();
    }

    /**
     * Moves the clock on.
     *
     * @param by how far; the clock never goes back
     * @throws IllegalArgumentException if {@code by} is negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("the clock never goes back, but was to move by " + by);
        }
        micros.addAndGet(by.toNanos() / 1_000);
    }
}
