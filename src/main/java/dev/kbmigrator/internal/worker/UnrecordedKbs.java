package dev.kbmigrator.internal.worker;

import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.ShortText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The KBs of which the store does not accept what this replica has to record: how often that has happened, and, where not even that
 * can be recorded, when the KB may be tried again. At most {@value #MOST}; the oldest are forgotten first, and then tried again like
 * any KB. Safe for use by many threads.
 */
public final class UnrecordedKbs {

    private static final int MOST = 1_000;
    private static final int MAX_TEXT_CHARACTERS = 300;

    private final Environment environment;
    private final Map<String, Rejected> rejected = new LinkedHashMap<>();

    /** How many writes had succeeded when the checkpoint of a KB could not be saved for an unknown reason. */
    private final Map<String, Long> suspects = new LinkedHashMap<>();

    private volatile boolean any;

    /**
     * A KB whose row was rejected.
     *
     * @param times how often in a row
     * @param heldUntil until when it is left alone, in monotonic time; null when the store says that
     * @param text what happened, for people
     */
    private record Rejected(int times, @Nullable Long heldUntil, String text) {}

    UnrecordedKbs(Environment environment) {
        this.environment = environment;
    }

    /** Counts a row that was rejected; returns how many that were in a row. */
    synchronized int rejected(String kbId) {
        Rejected before = rejected.remove(kbId);
        int times = before == null ? 1 : before.times() + 1;
        put(rejected, kbId, new Rejected(times, before == null ? null : before.heldUntil(), ""));
        any = true;
        return times;
    }

    /** Not even a failure could be recorded of that KB: it is left alone for a while. */
    synchronized void hold(String kbId, Duration delay, String text) {
        Rejected before = rejected.remove(kbId);
        int times = before == null ? 1 : before.times();
        long until = environment.nanoTime() + delay.toNanos();
        put(rejected, kbId, new Rejected(times, until, ShortText.of(text, MAX_TEXT_CHARACTERS)));
        any = true;
    }

    /** What is to be recorded of that KB is on record: nothing is wrong with it any more. */
    void recorded(String kbId) {
        if (any) {
            synchronized (this) {
                rejected.remove(kbId);
                suspects.remove(kbId);
                any = !rejected.isEmpty() || !suspects.isEmpty();
            }
        }
    }

    /** The store shows that a row of that KB was rejected, and when it is tried again. */
    synchronized void shown(String kbId) {
        rejected.computeIfPresent(kbId, (id, before) -> new Rejected(before.times(), null, ""));
    }

    /** Returns whether a row of that KB was rejected when it was last written. */
    boolean isKnown(String kbId) {
        if (!any) {
            return false;
        }
        synchronized (this) {
            return rejected.containsKey(kbId);
        }
    }

    /** Returns whether that KB is to be left alone now. */
    boolean isHeld(String kbId) {
        if (!any) {
            return false;
        }
        synchronized (this) {
            Rejected one = rejected.get(kbId);
            return one != null && one.heldUntil() != null && one.heldUntil() - environment.nanoTime() > 0;
        }
    }

    /**
     * The checkpoint of a KB could not be saved, and the store does not say why. Returns whether the KB is to blame: the same has
     * happened before, and other writes have succeeded since.
     */
    synchronized boolean isCheckpointToBlame(String kbId, long written) {
        Long before = suspects.get(kbId);
        if (before == null) {
            put(suspects, kbId, written);
            any = true;
        }
        return before != null && written > before;
    }

    private static <T> void put(Map<String, T> map, String kbId, T value) {
        if (map.size() >= MOST) {
            Iterator<String> oldest = map.keySet().iterator();
            oldest.next();
            oldest.remove();
        }
        map.put(kbId, value);
    }

    /** Returns what happened to the KBs of which nothing could be recorded, a sentence each. */
    public synchronized List<String> texts() {
        List<String> texts = new ArrayList<>();
        for (Rejected one : rejected.values()) {
            if (one.heldUntil() != null) {
                texts.add(one.text());
            }
        }
        return texts;
    }
}
