package dev.kbmigrator.internal.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;

/** The library's documents as JSON. Fields that this build does not know are kept when it writes a document again. */
final class Json {

    static final ObjectMapper MAPPER = JsonMapper.builder().findAndAddModules().build();

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static ObjectNode read(Document document) {
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
}
