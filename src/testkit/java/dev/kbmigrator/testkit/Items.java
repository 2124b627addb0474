package dev.kbmigrator.testkit;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares lists, and names the items that are missing or too many rather than all that are there. */
final class Items {

    private static final int MOST_NAMED = 20;

    private Items() {}

    /** Fails unless the same items were found as expected, each as often, in any order. */
    static <T> void assertAll(String what, Collection<? extends T> found, Collection<? extends T> expected) {
        List<T> lost = without(expected, found);
        List<T> excess = without(found, expected);
        if (!lost.isEmpty() || !excess.isEmpty()) {
            throw new AssertionError(message(what, found.size(), expected.size(), lost, excess));
        }
    }

    /** Fails unless all expected items were found. There may be others besides. */
    static <T> void assertNoneLost(String what, Collection<? extends T> found, Collection<? extends T> expected) {
        List<T> lost = without(expected, found);
        if (!lost.isEmpty()) {
            throw new AssertionError(message(what, found.size(), expected.size(), lost, List.of()));
        }
    }

    private static <T> List<T> without(Collection<? extends T> all, Collection<? extends T> some) {
        Map<T, Integer> counts = new HashMap<>();
        some.forEach(item -> counts.merge(item, 1, Integer::sum));
        List<T> rest = new ArrayList<>();
        for (T item : all) {
            if (counts.merge(item, -1, Integer::sum) < 0) {
                rest.add(item);
            }
        }
        return rest;
    }

    private static String message(String what, int found, int expected, List<?> lost, List<?> excess) {
        return what + ": " + found + " in place of " + expected + "; lost " + named(lost) + "; not expected "
                + named(excess);
    }

    private static String named(List<?> items) {
        if (items.isEmpty()) {
            return "none";
        }
        List<?> first = items.subList(0, Math.min(MOST_NAMED, items.size()));
        return items.size() + ": " + first + (items.size() > MOST_NAMED ? " and others" : "");
    }
}
