package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the stored fleet state, and refuses one that this library cannot have written: a fleet that acts on it would report success
 * with work undone. The refusal names the document, the field and its value.
 */
final class StateDocument {

    private static final int SHOWN_VALUE = 60;
    private static final int MAX_NAME_CHARACTERS = 200;

    private final Document document;
    private final ObjectNode json;

    private StateDocument(Document document) {
        this.document = document;
        this.json = Json.read(document);
    }

    static StateDocument read(Document document) {
        return new StateDocument(document);
    }

    ObjectNode json() {
        return json;
    }

    /** Returns a version that must be there. */
    long version(String field) {
        JsonNode value = json.path(field);
        if (!isCount(value)) {
            throw impossible(field, value, "which is not a version");
        }
        return value.asLong();
    }

    /** Returns a version that may be missing. */
    long version(String field, long otherwise) {
        return json.has(field) ? version(field) : otherwise;
    }

    /** Checks a text that may be missing. */
    void checkText(String field) {
        JsonNode value = json.path(field);
        if (!value.isMissingNode() && !value.isTextual()) {
            throw impossible(field, value, "which is not a text");
        }
    }

    /** Checks where the fleet is against its plan. */
    void checkPosition(long baseline, Plan plan) {
        long current = version("current");
        for (String field : List.of("current", "open", "target")) {
            long version = version(field, baseline);
            if (version != baseline && plan.at(version) == null) {
                throw impossible(
                        field,
                        json.path(field),
                        "which is neither the baseline, " + baseline + ", nor a version of the plan");
            }
        }
        if (current < baseline) {
            throw impossible("current", json.path("current"), "which is below the baseline, " + baseline);
        }
        if (version("open") < current) {
            throw impossible("open", json.path("open"), "which is below the current version, " + current);
        }
        if (json.has("target") && version("target") <= current) {
            throw impossible("target", json.path("target"), "which is not above the current version, " + current);
        }
    }

    /** Returns the plan, whose versions rise from the baseline. */
    Plan plan(long baseline) {
        JsonNode entries = json.path("plan");
        if (!entries.isArray()) {
            throw impossible("plan", entries, "which is not a list of migrations");
        }
        List<MigrationInfo> plan = new ArrayList<>();
        long before = baseline;
        for (JsonNode entry : entries) {
            String field = "plan[" + plan.size() + "]";
            MigrationInfo migration = migration(field, entry);
            if (migration.version() <= before) {
                throw impossible(field + ".version", entry.path("version"), "which is not above " + before);
            }
            before = migration.version();
            plan.add(migration);
        }
        return new Plan(plan);
    }

    private MigrationInfo migration(String field, JsonNode entry) {
        JsonNode version = entry.path("version");
        if (!isCount(version)) {
            throw impossible(field + ".version", version, "which is not a version");
        }
        JsonNode name = entry.path("name");
        if (!name.isTextual()
                || name.asText().isBlank()
                || name.asText().length() > MAX_NAME_CHARACTERS
                || !ShortText.isPrintable(name.asText())) {
            throw impossible(field + ".name", name, "which is not a migration's name");
        }
        for (String part : List.of("kb", "global", "rollout")) {
            JsonNode value = entry.path(part);
            if (!value.isBoolean() && !(part.equals("rollout") && value.isMissingNode())) {
                throw impossible(field + "." + part, value, "which is neither true nor false");
            }
        }
        return new MigrationInfo(
                version.asLong(),
                name.asText(),
                entry.path("kb").asBoolean(),
                entry.path("global").asBoolean(),
                entry.path("rollout").asBoolean());
    }

    private static boolean isCount(JsonNode value) {
        return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() >= 0;
    }

    private StateStoreException impossible(String field, JsonNode value, String why) {
        String shown = value.isMissingNode() ? "missing" : ShortText.shown(value.toString(), SHOWN_VALUE) + ", " + why;
        return new StateStoreException("the document " + document.name() + " (revision " + document.revision()
                + ") in the state store is damaged: its field " + field + " is " + shown
                + ". Nothing is done until the document is restored from a backup");
    }
}
