package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.Partitions;
import dev.kbmigrator.spi.Snapshot;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ControlDocumentTest {

    private static FleetView view(Document... documents) {
        Snapshot snapshot =
                new Snapshot(0, List.of(documents), Collections.nCopies(Partitions.COUNT, 0L), List.of(), List.of());
        return FleetView.of(snapshot, 0, FrozenEnvironment.reader(FrozenEnvironment.catalog(1)));
    }

    private static Document control(String json) {
        return new Document("now/control", 1, json);
    }

    @Test
    void aFleetWithoutTheDocumentIsNotPaused() {
        assertThat(view().control()).isEqualTo(ControlDocument.NONE);
        assertThat(view().paused()).isFalse();
        assertThat(ControlDocument.NONE.paused()).isFalse();
    }

    @Test
    void everyLookShowsWhetherTheFleetIsPausedAndWhy() {
        FleetView paused = view(control("{\"paused\":true,\"reason\":\"maintenance\"}"));
        assertThat(paused.control()).isEqualTo(new ControlDocument(true, "maintenance"));
        assertThat(paused.paused()).isTrue();
        FleetView resumed = view(control("{\"paused\":false,\"reason\":\"done\"}"));
        assertThat(resumed.control()).isEqualTo(new ControlDocument(false, "done"));
        assertThat(resumed.paused()).isFalse();
    }

    @Test
    void aPauseWithoutAReasonSaysSo() {
        assertThat(ControlDocument.read(control("{\"paused\":true}")))
                .isEqualTo(new ControlDocument(true, "no reason given"));
    }

    @Test
    void anEmptyDocumentDoesNotPauseTheFleet() {
        assertThat(ControlDocument.read(control("{}")).paused()).isFalse();
    }

    @Test
    void aPauseIsWrittenWithItsReasonAndWhoSetIt() {
        ObjectNode json = Json.object().put("ofANewerBuild", 1);
        ControlDocument.pause(json, true, "maintenance", "replica");
        assertThat(json)
                .isEqualTo(Json.object()
                        .put("ofANewerBuild", 1)
                        .put("paused", true)
                        .put("reason", "maintenance")
                        .put("by", "replica"));
        assertThat(ControlDocument.read(control(json.toString()))).isEqualTo(new ControlDocument(true, "maintenance"));
        ControlDocument.pause(json, false, "done", "another");
        assertThat(ControlDocument.read(control(json.toString()))).isEqualTo(new ControlDocument(false, "done"));
        assertThat(json.path("by").asText()).isEqualTo("another");
    }

    @Test
    void aDamagedDocumentCountsAsPausedAndSaysSo() {
        for (String damaged :
                List.of("no json", "[]", "", "{\"paused\":\"yes\"}", "{\"paused\":null}", "{\"paused\":0}")) {
            ControlDocument control = view(control(damaged)).control();
            assertThat(control.paused()).as(damaged).isTrue();
            assertThat(control.sentence()).contains("now/control is damaged", "resume()");
        }
    }

    @Test
    void aReasonIsShownOnOneLine() {
        assertThat(new ControlDocument(true, "busy\n\u001b[31mERROR fake").sentence())
                .isEqualTo("an operator has paused migrations: busy\\n\\u001B[31mERROR fake");
    }
}
