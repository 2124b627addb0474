package dev.kbmigrator.fleet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Looks at all versions again and again: none may ever be lower than it was. */
final class VersionWatch {

    private final Fleet fleet;
    private final Map<String, Long> seen = new HashMap<>();
    private final List<String> lowered = new ArrayList<>();
    private long current;

    VersionWatch(Fleet fleet) {
        this.fleet = fleet;
    }

    void look() {
        long now = fleet.state().current();
        if (now < current) {
            lowered.add("the fleet, from " + current + " to " + now);
        }
        current = now;
        fleet.state().versions().forEach((kb, version) -> {
            Long before = seen.put(kb, version);
            if (before != null && before > version) {
                lowered.add(kb + " from " + before + " to " + version);
            }
        });
    }

    /** The fleet's version, as of the last look. */
    long current() {
        return current;
    }

    List<String> lowered() {
        return lowered;
    }
}
