package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.hash.Hashing;
import dev.kbmigrator.spi.Document;
import java.nio.charset.StandardCharsets;

/**
 * Someone asks whoever holds a KB's partition to migrate it now, or to skip what it fails at. The holder sees the document
 * with its next look, and deletes it when it has done what was asked.
 *
 * @param document the document's name
 * @param revision its revision
 * @param kbId the KB
 * @param skip the version to skip; 0 to migrate
 * @param reason why, for a skip
 */
record Request(String document, long revision, String kbId, long skip, String reason) {

    static final String PREFIX = Document.ANNOUNCED + "request/";

    static Request read(Document document) {
        ObjectNode json = Json.read(document);
        return new Request(
                document.name(),
                document.revision(),
                json.path("kbId").asText(),
                json.path("skip").asLong(),
                json.path("reason").asText(""));
    }

    /** The document's name: a KB has one request at a time. */
    static String documentOf(String kbId) {
        return PREFIX + Hashing.sha256().hashString(kbId, StandardCharsets.UTF_8);
    }

    static String toJson(String kbId, long skip, String reason, String by) {
        return Json.object()
                .put("kbId", kbId)
                .put("skip", skip)
                .put("reason", reason)
                .put("by", by)
                .toString();
    }
}
