package dev.kbmigrator.processes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How long it took until the KBs that a killed replica had in hand went on elsewhere: for each of its last lines in the log
 * that another replica repeated, the time from the kill to the repetition.
 */
final class Takeovers {

    /**
     * A kill.
     *
     * @param replica the name that the replica logged under; no other life of it had the same
     * @param at when, in milliseconds since 1970
     */
    record Kill(String replica, long at) {}

    private Takeovers() {}

    /** The time that each kill cost, in milliseconds, sorted; kills that hit nothing in hand are left out. */
    static List<Long> millis(List<StartedPart> log, List<Kill> kills) {
        Map<String, Long> killed = new HashMap<>();
        kills.forEach(kill -> killed.put(kill.replica(), kill.at()));
        Map<String, StartedPart> inHand = new HashMap<>();
        Map<String, Long> cost = new HashMap<>();
        for (StartedPart ran : log) {
            StartedPart before = inHand.put(ran.version() + "/" + ran.kb(), ran);
            Long at = before == null ? null : killed.get(before.replica());
            if (before != null && at != null && !before.replica().equals(ran.replica()) && ran.startedAt() >= at) {
                cost.merge(before.replica(), ran.startedAt() - at, Math::max);
            }
        }
        List<Long> sorted = new ArrayList<>(cost.values());
        sorted.sort(null);
        return sorted;
    }

    static long median(List<Long> sorted) {
        return sorted.isEmpty() ? 0 : sorted.get(sorted.size() / 2);
    }

    static long max(List<Long> sorted) {
        return sorted.isEmpty() ? 0 : sorted.get(sorted.size() - 1);
    }
}
