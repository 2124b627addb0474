package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.spi.Document;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fleet's global state: one document, changed by compare-and-set.
 *
 * @param revision the document's revision; 0 when there is none yet
 * @param baseline the version at which the fleet was adopted, and at which listed KBs are enrolled
 * @param current the version that the whole fleet has reached
 * @param open KB parts may run up to this version: the end of the stage under way, or the current version
 * @param target the version to reach; 0 when there is none
 * @param cap an operator's limit to the target; {@link Long#MAX_VALUE} when there is none
 * @param registered KBs may have been created at up to this version
 * @param plan every migration above the baseline that the fleet knows of, in order
 * @param source the document as it was read, for the fields of newer builds
 */
record GlobalState(
        long revision,
        long baseline,
        long current,
        long open,
        long target,
        long cap,
        long registered,
        List<MigrationInfo> plan,
        ObjectNode source) {

    static final String DOCUMENT = Document.ANNOUNCED + "state";

    /** How it is before anything has run. */
    static GlobalState initial(long baseline) {
        return new GlobalState(0, baseline, baseline, baseline, 0, Long.MAX_VALUE, 0, List.of(), Json.object());
    }

    static GlobalState read(@Nullable Document document, long baseline) {
        if (document == null) {
            return initial(baseline);
        }
        ObjectNode json = Json.read(document);
        List<MigrationInfo> plan = new ArrayList<>();
        for (JsonNode node : json.path("plan")) {
            plan.add(new MigrationInfo(
                    node.path("version").asLong(),
                    node.path("name").asText(),
                    node.path("kb").asBoolean(),
                    node.path("global").asBoolean(),
                    node.path("rollout").asBoolean()));
        }
        return new GlobalState(
                document.revision(),
                json.path("baseline").asLong(),
                json.path("current").asLong(),
                json.path("open").asLong(),
                json.path("target").asLong(),
                json.path("cap").asLong(Long.MAX_VALUE),
                json.path("registered").asLong(),
                List.copyOf(plan),
                json);
    }

    String toJson() {
        ObjectNode json = source.deepCopy();
        json.put("baseline", baseline).put("current", current).put("open", open);
        json.put("registered", registered);
        putOrRemove(json, "target", target, 0);
        putOrRemove(json, "cap", cap, Long.MAX_VALUE);
        ArrayNode entries = json.putArray("plan");
        for (MigrationInfo migration : plan) {
            ObjectNode entry = entries.addObject();
            source.path("plan").forEach(stored -> {
                if (stored.path("version").asLong() == migration.version()) {
                    // With the fields of newer builds
                    entry.setAll((ObjectNode) stored);
                }
            });
            entry.put("version", migration.version())
                    .put("name", migration.name())
                    .put("kb", migration.kbPart())
                    .put("global", migration.globalPart());
            if (migration.fullRollout()) {
                entry.put("rollout", true);
            }
        }
        return json.toString();
    }

    private static void putOrRemove(ObjectNode json, String field, long value, long absent) {
        if (value == absent) {
            json.remove(field);
        } else {
            json.put(field, value);
        }
    }

    /** Whether there is a target that is not reached. */
    boolean unfinished() {
        return target > current;
    }

    /** With more migrations at the plan's end, and the target that follows. */
    GlobalState extended(List<MigrationInfo> extension) {
        List<MigrationInfo> longer = new ArrayList<>(plan);
        longer.addAll(extension);
        return with(current, open, cap, registered, List.copyOf(longer)).retargeted();
    }

    /** With the target that follows from the plan and the cap: never below what is already open. */
    GlobalState retargeted() {
        long wanted = current;
        for (MigrationInfo migration : plan) {
            if (migration.version() <= Math.max(cap, open)) {
                wanted = Math.max(wanted, migration.version());
            }
        }
        return new GlobalState(
                revision, baseline, current, open, wanted > current ? wanted : 0, cap, registered, plan, source);
    }

    GlobalState capped(long newCap) {
        return with(current, open, newCap, registered, plan).retargeted();
    }

    GlobalState opened(long version) {
        return with(current, version, cap, registered, plan);
    }

    GlobalState reached(long version) {
        return with(version, Math.max(open, version), cap, registered, plan).retargeted();
    }

    GlobalState registeredUpTo(long version) {
        return with(current, open, cap, Math.max(registered, version), plan);
    }

    /** Without the migrations above what is open or was registered: no part of those has started. */
    GlobalState withdrawn() {
        long started = Math.max(open, Math.max(current, registered));
        List<MigrationInfo> kept = plan.stream()
                .filter(migration -> migration.version() <= started)
                .toList();
        return with(current, open, cap, registered, kept).retargeted();
    }

    private GlobalState with(long current, long open, long cap, long registered, List<MigrationInfo> plan) {
        return new GlobalState(revision, baseline, current, open, target, cap, registered, plan, source);
    }
}
