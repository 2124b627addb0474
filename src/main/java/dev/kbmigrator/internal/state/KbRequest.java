package dev.kbmigrator.internal.state;

import com.google.common.hash.Hashing;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.internal.support.KbIds;
import dev.kbmigrator.spi.Document;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * A request to the holder of a KB's partition: migrate the KB now, or move it past a version that it fails at. The holder sees the
 * document with its next look, and deletes it when the request is answered.
 *
 * @param document the document's name
 * @param revision its revision
 * @param kbId the KB
 * @param skip the version to skip; 0 to migrate
 * @param reason why a version is skipped
 */
public record KbRequest(String document, long revision, String kbId, long skip, String reason) {

    static final String PREFIX = Document.ANNOUNCED + "request/";

    /** Reads a request; empty if the document is not one. */
    public static Optional<KbRequest> read(Document document) {
        return Json.tryRead(document)
                .filter(json -> KbIds.problemWith(json.path("kbId").textValue()) == null)
                .filter(json -> json.path("skip").canConvertToLong() || !json.has("skip"))
                .map(json -> new KbRequest(
                        document.name(),
                        document.revision(),
                        json.path("kbId").asText(),
                        json.path("skip").asLong(),
                        json.path("reason").asText("")));
    }

    /** Returns the document's name: a KB has one request at a time. */
    public static String documentOf(String kbId) {
        return PREFIX + Hashing.sha256().hashString(kbId, StandardCharsets.UTF_8);
    }

    /** Returns the document's content. */
    public static String toJson(String kbId, long skip, String reason, String by) {
        return Json.object()
                .put("kbId", kbId)
                .put("skip", skip)
                .put("reason", reason)
                .put("by", by)
                .toString();
    }
}
