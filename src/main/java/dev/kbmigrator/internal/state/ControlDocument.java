package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.ShortText;
import dev.kbmigrator.spi.Document;
import java.util.Optional;

/**
 * What operators have decided for the whole fleet: whether it is paused, and why.
 *
 * @param paused whether nothing more is to be started
 * @param reason why, in the operator's words
 */
public record ControlDocument(boolean paused, String reason) {

    /** The name of the document. */
    public static final String NAME = Document.ANNOUNCED + "control";

    /** The decisions in a fleet in which no operator has decided anything. */
    public static final ControlDocument NONE = new ControlDocument(false, "");

    /** Reads the decisions. If nobody can tell what was decided, the fleet counts as paused: that harms least. */
    static ControlDocument read(Document document) {
        Optional<ObjectNode> json = Json.tryRead(document);
        JsonNode paused = json.map(object -> object.path("paused")).orElse(MissingNode.getInstance());
        if (json.isEmpty() || !(paused.isBoolean() || paused.isMissingNode())) {
            return new ControlDocument(
                    true,
                    "the document " + NAME + " is damaged, so the fleet counts as paused. pause(reason) and resume()"
                            + " overwrite the document");
        }
        return new ControlDocument(paused.asBoolean(), json.get().path("reason").asText("no reason given"));
    }

    /** Returns why the fleet is paused, in a sentence. */
    public String sentence() {
        return "an operator has paused migrations: " + shownReason();
    }

    /** Returns the reason as a sentence shows it. */
    public String shownReason() {
        return ShortText.shown(reason, ShortText.REASON);
    }

    /** Writes that an operator has paused or resumed the fleet. */
    public static void pause(ObjectNode json, boolean paused, String reason, String by) {
        json.put("paused", paused).put("reason", reason).put("by", by);
    }
}
