package dev.kbmigrator.internal.support;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;
import java.util.Locale;
import java.util.Optional;

/** The library's documents and checkpoints as JSON. */
public final class Json {

    public static final ObjectMapper MAPPER =
            JsonMapper.builder().findAndAddModules().build();

    private Json() {}

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** Parses a document; empty when it is not a JSON object. */
    public static Optional<ObjectNode> tryRead(Document document) {
        try {
            return Optional.of(read(document));
        } catch (StateStoreException e) {
            return Optional.empty();
        }
    }

    /** Parses a document. Whoever writes it again must keep the fields that this build does not know. */
    public static ObjectNode read(Document document) {
        try {
            JsonNode node = MAPPER.readTree(document.json());
            if (node instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new StateStoreException(
                    "the document " + document.name() + " (revision " + document.revision()
                            + ") in the state store is not JSON: restore it from a backup",
                    e);
        }
        throw new StateStoreException("the document " + document.name() + " (revision " + document.revision()
                + ") in the state store is not a JSON object: restore it from a backup");
    }

    /** Writes each lone surrogate as an escape, which means the same: no encoding can represent it directly. */
    public static String wellFormed(String json) {
        StringBuilder escaped = new StringBuilder(json.length());
        json.codePoints().forEach(point -> {
            if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                escaped.append("\\u").append(Integer.toHexString(point).toUpperCase(Locale.ROOT));
            } else {
                escaped.appendCodePoint(point);
            }
        });
        return escaped.toString();
    }
}
