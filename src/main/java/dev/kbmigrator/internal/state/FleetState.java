package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The state of the fleet: one document, changed by compare-and-set.
 *
 * @param revision the document's revision; 0 when there is none yet
 * @param baseline the version at which the fleet was adopted, and at which listed KBs are enrolled
 * @param current the version that the whole fleet has reached
 * @param open the version up to which KB parts may run: the end of the stage under way, or the current version
 * @param target the version to reach; 0 when there is none
 * @param cap an operator's limit on the target; {@link Long#MAX_VALUE} when there is none
 * @param registered the highest version at which KBs may have been created
 * @param plan every migration above the baseline that the fleet knows of, in order
 * @param source the document as it was read, which keeps the fields of newer builds
 */
public record FleetState(
        long revision,
        long baseline,
        long current,
        long open,
        long target,
        long cap,
        long registered,
        Plan plan,
        ObjectNode source) {

    /** The name of the document. */
    public static final String DOCUMENT = Document.ANNOUNCED + "state";

    private static final String REQUIRES = "requires";

    /** The words that this build understands in {@code requires}. A word is written before its feature takes effect. */
    private static final Set<String> KNOWN_FEATURES = Set.of();

    /** The field with the name of the fleet; absent while it has none. */
    static final String FLEET = "fleet";

    /** The field with the version of the last KB part up to a baseline that was raised; absent if none was. */
    static final String KB_BASELINE = "kbBaseline";

    private static final int SHOWN_MIGRATIONS = 10;

    /** Returns the state before anything has run, in a fleet without a name. */
    public static FleetState initial(long baseline) {
        return new FleetState(0, baseline, baseline, baseline, 0, Long.MAX_VALUE, 0, Plan.EMPTY, Json.object());
    }

    /**
     * Reads the state.
     *
     * @param baseline counts only while there is no document
     * @param fleet likewise: an empty state takes the name of the first build; empty for none
     * @throws dev.kbmigrator.spi.StateStoreException if the document says what cannot be
     */
    public static FleetState read(@Nullable Document document, long baseline, String fleet) {
        return document == null ? initial(baseline).named(fleet) : read(document);
    }

    private static FleetState read(Document document) {
        StateDocument stored = StateDocument.read(document);
        if (!unknownFeatures(stored.json()).isEmpty()) {
            // Its fields may mean something else: nothing is concluded from them, and nothing is written
            return initial(0).readFrom(document.revision(), stored.json());
        }
        long baseline = stored.version("baseline");
        Plan plan = stored.plan(baseline);
        stored.checkPosition(baseline, plan);
        stored.version(KB_BASELINE, baseline);
        stored.checkText(FLEET);
        return new FleetState(
                document.revision(),
                baseline,
                stored.version("current"),
                stored.version("open"),
                stored.version("target", 0),
                stored.version("cap", Long.MAX_VALUE),
                stored.version("registered", 0),
                plan,
                stored.json());
    }

    private FleetState readFrom(long storedRevision, ObjectNode json) {
        return new FleetState(storedRevision, baseline, current, open, target, cap, registered, plan, json);
    }

    /** Returns the name of the fleet; empty when it has none. */
    public String fleet() {
        return source.path(FLEET).asText("");
    }

    /**
     * Returns the version below which a KB lacks a KB part that the plan no longer has: the baseline, or less where the last migrations
     * up to a raised baseline had no KB part.
     */
    public long kbBaseline() {
        return source.path(KB_BASELINE).asLong(baseline);
    }

    /** Returns the document's new content. */
    public String toJson() {
        ObjectNode json = source.deepCopy();
        json.put("baseline", baseline).put("current", current).put("open", open);
        json.put("registered", registered);
        putOrRemove(json, "target", target, 0);
        putOrRemove(json, "cap", cap, Long.MAX_VALUE);
        ArrayNode entries = json.putArray("plan");
        for (MigrationInfo migration : plan.migrations()) {
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

    /**
     * Returns the features that the fleet uses and this build does not know. A build that does not know one of them must not act on the
     * state, because it may mean something else than this build would read from it.
     */
    public List<String> unknownFeatures() {
        return unknownFeatures(source);
    }

    private static List<String> unknownFeatures(ObjectNode json) {
        List<String> unknown = new ArrayList<>();
        for (JsonNode feature : json.path(REQUIRES)) {
            if (!KNOWN_FEATURES.contains(feature.asText())) {
                unknown.add(feature.asText());
            }
        }
        return unknown;
    }

    /** Returns whether there is a target that has not been reached. */
    public boolean unfinished() {
        return target > current;
    }

    /** Returns the state with more migrations at the plan's end, and the target that follows. */
    public FleetState extended(List<MigrationInfo> extension) {
        List<MigrationInfo> longer = new ArrayList<>(plan.migrations());
        longer.addAll(extension);
        return with(current, open, cap, registered, new Plan(longer)).retargeted();
    }

    /** Returns the state with the target that follows from the plan and the cap, which is never below what is already open. */
    FleetState retargeted() {
        long wanted = current;
        for (MigrationInfo migration : plan.migrations()) {
            if (migration.version() <= Math.max(cap, open)) {
                wanted = Math.max(wanted, migration.version());
            }
        }
        return new FleetState(
                revision, baseline, current, open, wanted > current ? wanted : 0, cap, registered, plan, source);
    }

    /** Returns the state with another limit on the target. */
    public FleetState capped(long newCap) {
        return with(current, open, newCap, registered, plan).retargeted();
    }

    /** Returns the state in which KB parts may run up to that version. */
    public FleetState opened(long version) {
        return with(current, version, cap, registered, plan);
    }

    /** Returns the state in which the whole fleet has reached that version. */
    public FleetState reached(long version) {
        return with(version, Math.max(open, version), cap, registered, plan).retargeted();
    }

    /** Returns the state in which KBs may have been created at that version. */
    public FleetState registeredUpTo(long version) {
        return with(current, open, cap, Math.max(registered, version), plan);
    }

    /** Returns the state without the migrations of which no part has started: those above what is open or was registered. */
    public FleetState withdrawn() {
        return with(current, open, cap, registered, new Plan(plan.between(0, started())))
                .retargeted();
    }

    /** Returns the version up to which a part may have started, or KBs may have been created. */
    public long started() {
        return Math.max(open, Math.max(current, registered));
    }

    /** Returns the state of a fleet with that name; empty for none. */
    public FleetState named(String name) {
        ObjectNode renamed = source.deepCopy();
        if (name.isEmpty()) {
            renamed.remove(FLEET);
        } else {
            renamed.put(FLEET, name);
        }
        return new FleetState(revision, baseline, current, open, target, cap, registered, plan, renamed);
    }

    /** Returns the version that every KB must have for the baseline to be raised to that version. */
    public long kbBaselineAt(long version) {
        return Math.max(kbBaseline(), plan.kbGoal(version));
    }

    /** Returns the state with a higher baseline, which is at most the current version, and a plan that begins after it. */
    public FleetState withBaseline(long version) {
        ObjectNode raised = source.deepCopy().put(KB_BASELINE, kbBaselineAt(version));
        Plan rest = new Plan(plan.between(version, Long.MAX_VALUE));
        return new FleetState(revision, version, current, open, target, cap, registered, rest, raised);
    }

    /** Returns what an operator's cap holds back, in a sentence; empty when it holds back nothing. */
    public Optional<String> heldByCap() {
        List<MigrationInfo> held = plan.between(Math.max(cap, Math.max(open, current)), Long.MAX_VALUE);
        return held.isEmpty()
                ? Optional.empty()
                : Optional.of("a cap at " + cap + " holds back " + versions(held) + ": removeCap() lifts the cap");
    }

    /** Returns the versions of migrations, at least one, as a sentence shows them. */
    static String versions(List<MigrationInfo> migrations) {
        return versions(
                migrations.get(0).version(),
                migrations.get(migrations.size() - 1).version());
    }

    /** Returns a range of versions as a sentence shows it. */
    public static String versions(long first, long last) {
        return first == last ? "version " + first : "versions " + first + " to " + last;
    }

    /** Returns migrations as a sentence shows them. */
    public static String names(List<MigrationInfo> migrations) {
        String first = migrations.stream()
                .limit(SHOWN_MIGRATIONS)
                .map(MigrationInfo::toString)
                .collect(Collectors.joining(", "));
        int more = migrations.size() - SHOWN_MIGRATIONS;
        return more > 0 ? first + " and " + more + " more" : first;
    }

    private FleetState with(long current, long open, long cap, long registered, Plan plan) {
        return new FleetState(revision, baseline, current, open, target, cap, registered, plan, source);
    }
}
