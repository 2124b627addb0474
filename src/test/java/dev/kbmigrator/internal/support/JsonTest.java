package dev.kbmigrator.internal.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;
import org.junit.jupiter.api.Test;

class JsonTest {

    private static final String PAIR = "\uD83D\uDE00";

    @Test
    void aDocumentIsReadAndANewOneIsEmpty() {
        assertThat(Json.read(new Document("now/state", 3, "{\"current\":7}"))
                        .path("current")
                        .asInt())
                .isEqualTo(7);
        assertThat(Json.object()).isEmpty();
    }

    @Test
    void aLoneSurrogateBecomesAnEscape() {
        assertThat(Json.wellFormed("\"a\uD800b\uDFFF" + PAIR + "\"")).isEqualTo("\"a\\uD800b\\uDFFF" + PAIR + "\"");
    }

    @Test
    void aBrokenDocumentIsNamedWithWhatToDo() {
        assertThatThrownBy(() -> Json.read(new Document("now/state", 3, "{\"current\":")))
                .isInstanceOf(StateStoreException.class)
                .hasMessage(
                        "the document now/state (revision 3) in the state store is not JSON: restore it from a backup")
                .hasCauseInstanceOf(Exception.class);
        assertThatThrownBy(() -> Json.read(new Document("now/state", 3, "[]")))
                .isInstanceOf(StateStoreException.class)
                .hasMessage(
                        "the document now/state (revision 3) in the state store is not a JSON object: restore it from"
                                + " a backup");
    }
}
