package dev.kbmigrator.lincheck;

/** What {@link java.util.concurrent.atomic.AtomicInteger} would be if it were not atomic. */
public final class PlainInteger {

    private int value;

    public int get() {
        return value;
    }

    public int incrementAndGet() {
        return addAndGet(1);
    }

    public int decrementAndGet() {
        return addAndGet(-1);
    }

    public int addAndGet(int delta) {
        value = value + delta;
        return value;
    }
}
