package dev.kbmigrator.internal.support;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one replica cannot do at present. Every step that can fail tells here how each attempt ended: each kind of call to the store and
 * the lock ({@link ReportingStore}, {@link ReportingLock}), and the loops for whatever else fails in them ({@link StepRetry}). It logs a
 * step that fails once with its stack trace, then rarely without, and once more when it is over.
 *
 * <p>Safe for use by many threads. One monitor guards the steps that fail; a success costs nothing while there are none.
 */
public final class Troubles {

    private static final Logger LOG = LoggerFactory.getLogger(Troubles.class);
    private static final long REMIND_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** What nobody has tried for so long is no trouble any more. */
    private static final long FORGET_NANOS = TimeUnit.MINUTES.toNanos(15);

    /** Fewer failures than this are not persistent, however far apart they are. */
    private static final int FEW = 3;

    private static final int MAX_STEPS = 100;
    private static final int MAX_CAUSES = 10;

    private final Environment environment;
    private final Map<String, Failing> failing = new LinkedHashMap<>();

    /** When a stack trace was last logged for a step, and of which kind of error. */
    private final Map<String, Traced> traced = new LinkedHashMap<>();

    private volatile boolean any;
    private volatile long movedAt;

    private record Traced(Class<?> kind, long at) {}

    /** A step that has failed since it last succeeded. */
    private static final class Failing {

        private final long since;
        private Throwable error;
        private long lastAt;
        private long times;
        private long loggedAt;

        private Failing(Throwable error, long since) {
            this.error = error;
            this.since = since;
            this.lastAt = since;
        }
    }

    /**
     * A step that has failed for so long that there is no point in trying again.
     *
     * @param step what cannot be done, to follow "cannot"
     * @param error the last error
     * @param lasts for how long each attempt has failed
     * @param times how many attempts that were
     */
    public record Persistent(String step, Throwable error, Duration lasts, long times) {}

    public Troubles(Environment environment) {
        this.environment = environment;
        this.movedAt = environment.nanoTime();
    }

    /** Tells that an attempt at a step has failed. */
    public void failed(String step, Throwable error) {
        long now = environment.nanoTime();
        long times;
        Duration lasts;
        boolean trace;
        synchronized (this) {
            Failing entry = failing.get(step);
            if (entry == null) {
                makeRoom(failing);
                entry = new Failing(error, now);
                failing.put(step, entry);
            }
            any = true;
            entry.error = error;
            entry.lastAt = now;
            entry.times++;
            times = entry.times;
            if (Long.bitCount(times) != 1 && now - entry.loggedAt < REMIND_NANOS) {
                return;
            }
            entry.loggedAt = now;
            lasts = Duration.ofNanos(now - entry.since);
            trace = times == 1 && isNewTrace(step, error, now);
        }
        log(step, error, times, lasts, trace);
    }

    /** Makes an attempt at a step, and notes how it ends. */
    public <T> T watch(String step, Supplier<T> attempt) {
        T result;
        try {
            result = attempt.get();
        } catch (RuntimeException | Error e) {
            failed(step, e);
            throw e;
        }
        succeeded(step);
        return result;
    }

    private boolean isNewTrace(String step, Throwable error, long now) {
        Traced before = traced.get(step);
        if (before != null && before.kind() == error.getClass() && now - before.at() < REMIND_NANOS) {
            return false;
        }
        makeRoom(traced);
        traced.put(step, new Traced(error.getClass(), now));
        return true;
    }

    private static <T> void makeRoom(Map<String, T> map) {
        if (map.size() >= MAX_STEPS) {
            Iterator<String> oldest = map.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
    }

    private static void log(String step, Throwable error, long times, Duration lasts, boolean trace) {
        String text = ErrorText.summary(error);
        if (times == 1) {
            LOG.atWarn()
                    .addKeyValue("step", step)
                    .setCause(trace ? ErrorText.loggable(error) : null)
                    .log("Cannot {}, and tries again: {}", step, text);
        } else {
            LOG.atWarn()
                    .addKeyValue("step", step)
                    .addKeyValue("failures", times)
                    .log("Still cannot {}, after {} attempts in {}: {}", step, times, lasts, text);
        }
    }

    /** Tells that an attempt at a step has succeeded. */
    public void succeeded(String step) {
        if (!any) {
            return;
        }
        Failing over;
        synchronized (this) {
            over = failing.remove(step);
            any = !failing.isEmpty();
        }
        if (over != null) {
            LOG.atInfo()
                    .addKeyValue("step", step)
                    .addKeyValue("failures", over.times)
                    .log(
                            "Can {} again; {} attempts had failed in {}",
                            step,
                            over.times,
                            Duration.ofNanos(environment.nanoTime() - over.since));
        }
    }

    /** Returns whether a step has told of that error, or of one of its causes, as its latest one. */
    public synchronized boolean isKnown(Throwable error) {
        Throwable each = error;
        for (int depth = 0; each != null && depth < MAX_CAUSES; depth++) {
            for (Failing one : failing.values()) {
                if (one.error == each) {
                    return true;
                }
            }
            each = each.getCause();
        }
        return false;
    }

    /** Tells that a version, a floor, a record, a checkpoint or the listing has moved, here or elsewhere. */
    public void moved() {
        movedAt = environment.nanoTime();
    }

    /** Returns the step that has failed at each attempt for that long, if nothing has moved meanwhile. */
    public synchronized Optional<Persistent> persistent(long patienceNanos) {
        long now = environment.nanoTime();
        if (now - movedAt < patienceNanos) {
            return Optional.empty();
        }
        for (Map.Entry<String, Failing> each : failing.entrySet()) {
            Failing one = each.getValue();
            boolean isTried = now - one.lastAt <= patienceNanos / 2;
            if (now - one.since >= patienceNanos && one.times >= FEW && isTried) {
                return Optional.of(
                        new Persistent(each.getKey(), one.error, Duration.ofNanos(now - one.since), one.times));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns what cannot be done at present, that which has lasted longest first.
     *
     * @param storeMicrosAt the store's clock at an instant of monotonic time
     */
    public synchronized List<Trouble> present(LongUnaryOperator storeMicrosAt) {
        long now = environment.nanoTime();
        List<Trouble> present = new ArrayList<>();
        failing.forEach((step, one) -> {
            if (now - one.lastAt < FORGET_NANOS) {
                present.add(new Trouble(
                        step, ErrorText.summary(one.error), storeMicrosAt.applyAsLong(one.since), one.times));
            }
        });
        return present;
    }
}
