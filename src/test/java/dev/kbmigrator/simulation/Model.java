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
    final long baseline;

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

    /** Which enrolment of a KB is stored. */
    final Map<String, Long> incarnations = new HashMap<>();

    /** The revisions that a document has had, by its name. */
    final Map<String, Set<Long>> revisions = new HashMap<>();

    /** Normal returns of KB parts, as {@code kb@version@epoch#incarnation}. */
    final Set<String> returned = new HashSet<>();

    /** How many attempts at a KB part have begun, and how many of them returned normally uncancelled, by {@code kb@version}. */
    final Map<String, Integer> begun = new HashMap<>();

    final Map<String, Integer> succeeded = new HashMap<>();

    /** The KBs that somebody has set aside at some time, which counts as a failure. */
    final Set<String> everSetAside = new HashSet<>();

    final Set<Long> globalReturned = new HashSet<>();

    /** Up to which version a person asked to skip. */
    final Map<String, Long> skips = new HashMap<>();

    /** The KBs that somebody has set aside, as of the last write of each. */
    final Set<String> setAside = new HashSet<>();

    private final Map<String, Long> setAsideAt = new HashMap<>();
    private final Map<String, Long> takenUpAt = new HashMap<>();

    /** What each saved checkpoint says, by {@code kb@version}. */
    final Map<String, String> checkpoints = new HashMap<>();

    long current;
    long open;
    long target;
    long planned;

    /** What the stored plan calls its versions. */
    final TreeMap<Long, String> names = new TreeMap<>();

    /** A limit to the target; {@link Long#MAX_VALUE} for none. */
    long cap = Long.MAX_VALUE;

    Model(Scheduler scheduler, Scenario scenario) {
        this.scheduler = scheduler;
        this.migrations = scenario.plan;
        this.baseline = scenario.baseline;
        this.current = scenario.baseline;
        this.open = scenario.baseline;
        this.planned = scenario.baseline;
    }

    long tick() {
        return ++clock;
    }

    boolean isCurrent(Epoch epoch) {
        return epochs[epoch.scope()] == epoch.number();
    }

    static String key(String kbId, long version, long epoch, long incarnation) {
        return kbId + "@" + version + "@" + epoch + "#" + incarnation;
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
            if (kb.getValue() < goal && enrolledAt.get(kb.getKey()) <= look && !wasSetAside(kb.getKey(), look)) {
                return kb.getKey() + " at " + kb.getValue();
            }
        }
        return null;
    }

    /** How many attempts at a version of a KB may count as failed. */
    int mayHaveFailed(String kbId, long version) {
        String key = kbId + "@" + version;
        return begun.getOrDefault(key, 0) - succeeded.getOrDefault(key, 0) + (everSetAside.contains(kbId) ? 1 : 0);
    }

    /** Whether a person has to see to it. */
    boolean isSetAside(String kbId) {
        return setAside.contains(kbId);
    }

    /** How it is stored. */
    void setAside(String kbId, boolean whether) {
        if (whether && setAside.add(kbId)) {
            setAsideAt.put(kbId, tick());
            takenUpAt.remove(kbId);
        } else if (!whether && setAside.remove(kbId)) {
            takenUpAt.put(kbId, tick());
        }
    }

    private boolean wasSetAside(String kbId, long look) {
        return setAsideAt.getOrDefault(kbId, Long.MAX_VALUE) <= look
                && look <= takenUpAt.getOrDefault(kbId, Long.MAX_VALUE);
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
        long newTarget = state.path("target").asLong();
        planWritten(state.path("plan"));
        cap = state.path("cap").asLong(Long.MAX_VALUE);
        if (newTarget > Math.max(cap, newOpen)) {
            scheduler.violate("the target passes the limit: " + json);
        }
        if (newCurrent < current || newOpen < open) {
            scheduler.violate("the global state went back: " + json);
        }
        if (newOpen > open) {
            checkOpened(newOpen, fence, newTarget);
        }
        if (newCurrent > current) {
            checkReached(newCurrent, fence);
        }
        current = newCurrent;
        open = newOpen;
        target = newTarget;
    }

    /** What has started, or what a KB was created at, stays in the plan under its name. */
    private void planWritten(JsonNode plan) {
        TreeMap<Long, String> before = new TreeMap<>(names);
        names.clear();
        long newest = baseline;
        for (JsonNode node : plan) {
            long version = node.path("version").asLong();
            if (version != ++newest || version > migrations.size()) {
                scheduler.violate("the plan is not one that anybody knows: " + plan);
            }
            MigrationInfo info = migrations.get((int) version - 1);
            if (node.path("kb").asBoolean() != info.kbPart()
                    || node.path("global").asBoolean() != info.globalPart()) {
                scheduler.violate("the plan is not one that anybody knows: " + plan);
            }
            names.put(version, node.path("name").asText());
        }
        planned = newest;
        long started = Math.max(open, current);
        for (long version : versions.values()) {
            started = Math.max(started, version);
        }
        for (long version = baseline + 1; version <= started; version++) {
            if (!names.containsKey(version)
                    || !names.get(version).equals(before.getOrDefault(version, names.get(version)))) {
                scheduler.violate("the plan lost version " + version + ", which has started: " + plan);
            }
        }
    }

    private void checkOpened(long newOpen, Epoch fence, long newTarget) {
        if (fence == null || fence.scope() != Epoch.COORDINATOR) {
            scheduler.violate("version " + newOpen + " was opened without the coordinator's epoch");
        }
        if (newOpen > stageEnd(current, newTarget)) {
            scheduler.violate(
                    "version " + newOpen + " was opened behind the barrier or the target, at version " + current);
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
