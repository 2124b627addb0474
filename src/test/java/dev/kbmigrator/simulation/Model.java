package dev.kbmigrator.simulation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.Partitions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What the store must hold, kept apart from it: what is committed is held against this. */
final class Model {

    static final String STATE = "now/state";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    final Scheduler scheduler;
    final List<MigrationInfo> migrations;

    /** Numbers what happens, so that one can tell what came before what. */
    long clock;

    long lookedAt;

    /** The last look of the thread that made the call under way. */
    long lookOfWriter;

    final long[] epochs = new long[Partitions.COUNT + 1];
    final long[] openedAt = new long[Partitions.COUNT + 1];
    final long[] floors = new long[Partitions.COUNT];
    final TreeMap<String, Long> versions = new TreeMap<>();
    final Map<String, Long> enrolledAt = new HashMap<>();

    /** Normal returns of KB parts, as {@code kb@version@epoch}. */
    final Set<String> returned = new HashSet<>();

    final Set<Long> globalReturned = new HashSet<>();

    /** Up to which version a person asked to skip. */
    final Map<String, Long> skips = new HashMap<>();

    /** What each saved checkpoint says, by {@code kb@version}. */
    final Map<String, String> checkpoints = new HashMap<>();

    long current;
    long open;
    long target;
    long planned;

    Model(Scheduler scheduler, List<MigrationInfo> migrations) {
        this.scheduler = scheduler;
        this.migrations = migrations;
    }

    long tick() {
        return ++clock;
    }

    boolean isCurrent(Epoch epoch) {
        return epochs[epoch.scope()] == epoch.number();
    }

    static String key(String kbId, long version, long epoch) {
        return kbId + "@" + version + "@" + epoch;
    }

    /** The next version with a part for a KB at that version; 0 when there is none. */
    long nextFor(long version) {
        for (MigrationInfo info : migrations) {
            if (info.version() > version && info.kbPart()) {
                return info.version();
            }
        }
        return 0;
    }

    long kbGoal(long version) {
        long goal = 0;
        for (MigrationInfo info : migrations) {
            if (info.version() <= version && info.kbPart()) {
                goal = info.version();
            }
        }
        return goal;
    }

    long stageEnd(long from, long to) {
        long end = from;
        for (MigrationInfo info : migrations) {
            if (info.version() > from && info.version() <= to) {
                end = info.version();
                if (info.globalPart()) {
                    break;
                }
            }
        }
        return end;
    }

    /** The last version with a global part that is below; 0 when there is none. */
    long barrierBefore(long version) {
        long barrier = 0;
        for (MigrationInfo info : migrations) {
            if (info.version() < version && info.globalPart()) {
                barrier = info.version();
            }
        }
        return barrier;
    }

    /** A KB below the version that was there already when that look was made; null when there is none. */
    String behind(long version, long look) {
        long goal = kbGoal(version);
        for (Map.Entry<String, Long> kb : versions.entrySet()) {
            if (kb.getValue() < goal && enrolledAt.get(kb.getKey()) <= look) {
                return kb.getKey() + " at " + kb.getValue();
            }
        }
        return null;
    }

    static JsonNode parse(String json) {
        try {
            return MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The global state was written. */
    void stateWritten(String json, Epoch fence) {
        JsonNode state = parse(json);
        long newCurrent = state.path("current").asLong();
        long newOpen = state.path("open").asLong();
        long newPlanned = planned(state.path("plan"));
        if (newPlanned < Math.max(open, current)) {
            scheduler.violate("the plan lost versions that have started: " + json);
        }
        if (newCurrent < current || newOpen < open) {
            scheduler.violate("the global state went back: " + json);
        }
        if (newOpen > open) {
            checkOpened(newOpen, fence, state.path("target").asLong());
        }
        if (newCurrent > current) {
            checkReached(newCurrent, fence);
        }
        current = newCurrent;
        open = newOpen;
        target = state.path("target").asLong();
        planned = newPlanned;
    }

    private long planned(JsonNode plan) {
        long newest = 0;
        int i = 0;
        for (JsonNode node : plan) {
            MigrationInfo info = migrations.get(i++);
            newest = node.path("version").asLong();
            if (newest != info.version() || !node.path("name").asText().equals(info.name())) {
                scheduler.violate("the plan is not the one that everybody knows: " + plan);
            }
        }
        return newest;
    }

    private void checkOpened(long newOpen, Epoch fence, long newTarget) {
        if (fence == null || fence.scope() != Epoch.COORDINATOR) {
            scheduler.violate("version " + newOpen + " was opened without the coordinator's epoch");
        }
        if (newOpen > stageEnd(current, Math.max(newTarget, newOpen))) {
            scheduler.violate("version " + newOpen + " was opened behind the barrier, at version " + current);
        }
    }

    private void checkReached(long newCurrent, Epoch fence) {
        if (fence == null || fence.scope() != Epoch.COORDINATOR) {
            scheduler.violate("version " + newCurrent + " was reached without the coordinator's epoch");
        }
        if (newCurrent != stageEnd(current, newCurrent)) {
            scheduler.violate("the fleet jumped from version " + current + " to " + newCurrent);
        }
        if (lookOfWriter < openedAt[Epoch.COORDINATOR]) {
            scheduler.violate("version " + newCurrent + " was reached with no look under the coordinator's epoch");
        }
        String behind = behind(newCurrent, lookOfWriter);
        if (behind != null) {
            scheduler.violate("version " + newCurrent + " was reached, but " + behind + " is behind");
        }
        for (MigrationInfo info : migrations) {
            if (info.version() == newCurrent && info.globalPart() && !globalReturned.contains(newCurrent)) {
                scheduler.violate("version " + newCurrent + " was reached, but its global part never returned");
            }
        }
    }
}
