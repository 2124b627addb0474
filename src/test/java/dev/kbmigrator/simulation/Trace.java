package dev.kbmigrator.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What happened, in order: the last events to be read by people, and a hash of all of them. */
final class Trace {

    private static final int KEPT = 4_000;

    private record Event(long nanos, Task task, String what, List<Object> details) {}

    private final Event[] events = new Event[KEPT];
    private long count;
    private long hash = 17;

    void add(long nanos, Task task, String what, Object... details) {
        events[(int) (count++ % KEPT)] = new Event(nanos, task, what, Arrays.asList(details));
        hash = 31 * hash + nanos;
        hash = 31 * hash + (task == null ? 0 : task.id);
        hash = 31 * hash + what.hashCode();
        for (Object detail : details) {
            hash = 31 * hash + String.valueOf(detail).hashCode();
        }
    }

    long hash() {
        return hash;
    }

    /** The last events, oldest first. */
    List<String> last(int most) {
        List<String> lines = new ArrayList<>();
        for (long i = Math.max(0, count - Math.min(most, KEPT)); i < count; i++) {
            Event event = events[(int) (i % KEPT)];
            lines.add(String.format(
                    "%12.6f  %-34s  %s %s",
                    event.nanos() / 1e9,
                    event.task() == null ? "" : event.task().toString(),
                    event.what(),
                    event.details().isEmpty() ? "" : event.details()));
        }
        return lines;
    }
}
