package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.spi.Document;

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

    static ControlDocument read(ObjectNode json) {
        return new ControlDocument(
                json.path("paused").asBoolean(), json.path("reason").asText("no reason given"));
    }

    /** Writes that an operator has paused or resumed the fleet. */
    public static void pause(ObjectNode json, boolean paused, String reason, String by) {
        json.put("paused", paused).put("reason", reason).put("by", by);
    }
}
