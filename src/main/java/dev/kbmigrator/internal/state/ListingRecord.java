package dev.kbmigrator.internal.state;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import org.jspecify.annotations.Nullable;

/**
 * What is on record of the listings of the host's KBs. A record that is damaged says nothing: the next listing writes it anew.
 *
 * @param startedMicros when a listing last began, by the store's clock; null if none ever has
 * @param completedMicros when one was last completed that had been read to its end, likewise: the instant at which it began
 */
public record ListingRecord(
        @Nullable Long startedMicros, @Nullable Long completedMicros) {

    /** The name of the document. */
    public static final String DOCUMENT = Document.ANNOUNCED + "listing";

    static ListingRecord read(@Nullable Document document) {
        ObjectNode json =
                document == null ? Json.object() : Json.tryRead(document).orElseGet(Json::object);
        return new ListingRecord(micros(json, "startedMicros"), micros(json, "completedMicros"));
    }

    private static @Nullable Long micros(ObjectNode json, String field) {
        return json.path(field).canConvertToLong() && json.path(field).isIntegralNumber()
                ? json.path(field).asLong()
                : null;
    }
}
