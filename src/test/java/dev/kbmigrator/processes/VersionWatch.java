package dev.kbmigrator.processes;

import dev.kbmigrator.spi.StateStoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Looks at all versions again and again: none may ever be lower than it was. */
final class VersionWatch {

    private static final int MOST_FAILURES = 5;

    private final ProcessFleet fleet;
    private final Map<String, Long> seen = new HashMap<>();
    private final List<String> lowered = new ArrayList<>();
    private long current;

    VersionWatch(ProcessFleet fleet) {
        this.fleet = fleet;
    }

    void look() {
        long now = read(StoredState::current);
        Map<String, Long> versions = read(StoredState::versions);
        if (now < current) {
            lowered.add("the fleet, from " + current + " to " + now);
        }
        current = now;
        versions.forEach((kb, version) -> {
            Long before = seen.put(kb, version);
            if (before != null && before > version) {
                lowered.add(kb + " from " + before + " to " + version);
            }
        });
    }

    /** A connection from before the server was stopped fails when it is used. */
    private <T> T read(Function<StoredState, T> what) {
        for (int failures = 0; ; failures++) {
            try {
                return what.apply(fleet.state());
            } catch (StateStoreException e) {
                if (failures == MOST_FAILURES) {
                    throw e;
                }
            }
        }
    }

    /** The fleet's version, as of the last look. */
    long current() {
        return current;
    }

    List<String> lowered() {
        return lowered;
    }
}
