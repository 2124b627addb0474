package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FleetStateTest {

    @Test
    void fieldsOfNewerBuildsAreKept() {
        String stored =
                "{\"baseline\":1,\"current\":1,\"open\":2,\"registered\":0,\"future\":[7],\"target\":3,\"plan\":["
                        + "{\"version\":2,\"name\":\"two\",\"kb\":true,\"global\":false,\"colour\":\"red\"},"
                        + "{\"version\":3,\"name\":\"three\",\"kb\":false,\"global\":true,\"shape\":\"round\"}]}";
        FleetState state = FleetState.read(new Document(FleetState.DOCUMENT, 4, stored), 0, "");
        assertThat(json(state)).isEqualTo(read(stored));
        assertThat(json(state.reached(3)).path("plan")).isEqualTo(read(stored).path("plan"));
    }

    private static ObjectNode json(FleetState state) {
        return read(state.toJson());
    }

    private static ObjectNode read(String json) {
        return Json.read(new Document(FleetState.DOCUMENT, 1, json));
    }

    private static final String ENTRY = "{\"version\":2,\"name\":\"two\",\"kb\":true,\"global\":false}";

    private static String state(String current, String open, String target, String plan) {
        return "{\"baseline\":1,\"current\":" + current + ",\"open\":" + open + ",\"registered\":0,\"target\":" + target
                + ",\"plan\":" + plan + "}";
    }

    @Test
    void anImpossibleStateIsRefusedByFieldAndValue() {
        String plan = "[" + ENTRY + "]";
        Map<String, String> impossible = Map.ofEntries(
                Map.entry(state("999999", "999999", "2", plan), "its field current is 999999"),
                Map.entry(state("1", "7", "2", plan), "its field open is 7"),
                Map.entry(state("2", "1", "2", plan), "its field open is 1, which is below the current version, 2"),
                Map.entry(state("1", "2", "3", plan), "its field target is 3"),
                Map.entry(state("2", "2", "2", plan), "its field target is 2, which is not above"),
                Map.entry(state("-1", "2", "2", plan), "its field current is -1"),
                Map.entry(state("\"1\"", "2", "2", plan), "its field current is \"1\", which is not a version"),
                Map.entry(state("1.0", "2", "2", plan), "its field current is 1.0"),
                Map.entry(state("99999999999999999999", "2", "2", plan), "its field current is 9999"),
                Map.entry(state("null", "2", "2", plan), "its field current is null"),
                Map.entry("{\"baseline\":1,\"open\":1,\"plan\":[]}", "its field current is missing"),
                Map.entry("{\"current\":1,\"open\":1,\"plan\":[]}", "its field baseline is missing"),
                Map.entry("{\"baseline\":1,\"current\":1,\"open\":1}", "its field plan is missing"),
                Map.entry(state("1", "1", "2", "[1,2]"), "its field plan[0].version is missing"),
                Map.entry(state("1", "1", "2", "[" + ENTRY + "," + ENTRY + "]"), "its field plan[1].version is 2"),
                Map.entry(state("1", "1", "2", plan.replace("\"two\"", "7")), "its field plan[0].name is 7"),
                Map.entry(state("1", "1", "2", plan.replace("two", "a\\nb")), "its field plan[0].name is \"a"),
                Map.entry(state("1", "1", "2", plan.replace("true", "\"yes\"")), "its field plan[0].kb is \"yes\""),
                Map.entry(
                        state("1", "1", "2", plan).replace("{\"baseline", "{\"fleet\":7,\"baseline"),
                        "its field fleet is 7"));
        impossible.forEach((json, problem) -> assertThatThrownBy(
                        () -> FleetState.read(new Document(FleetState.DOCUMENT, 4, json), 0, ""))
                .as(json)
                .isInstanceOf(StateStoreException.class)
                .hasMessageContaining("now/state (revision 4)")
                .hasMessageContaining(problem));
    }

    @Test
    void aRaisedBaselineAsksOfKbsOnlyWhatHadAKbPart() {
        FleetState state = FleetState.initial(0)
                .extended(List.of(
                        new MigrationInfo(1, "kb", true, false),
                        new MigrationInfo(2, "global", false, true),
                        new MigrationInfo(3, "kb", true, false)))
                .reached(2);
        FleetState raised = state.withBaseline(2);
        assertThat(raised.baseline()).isEqualTo(2);
        assertThat(raised.kbBaseline()).isEqualTo(1);
        assertThat(raised.plan().migrations())
                .extracting(MigrationInfo::version)
                .containsExactly(3L);
        FleetState stored = FleetState.read(new Document(FleetState.DOCUMENT, 1, raised.toJson()), 0, "");
        assertThat(stored.kbBaseline()).isEqualTo(1);
        assertThat(stored.target()).isEqualTo(3);
        assertThat(stored.reached(3).withBaseline(3).kbBaseline()).isEqualTo(3);
    }

    @Test
    void aCapSaysWhatItHoldsBack() {
        FleetState state = FleetState.initial(0)
                .extended(List.of(new MigrationInfo(1, "one", true, false), new MigrationInfo(2, "two", true, false)))
                .capped(0);
        assertThat(state.heldByCap()).hasValue("a cap at 0 holds back versions 1 to 2: removeCap() lifts the cap");
        assertThat(state.capped(1).heldByCap()).hasValue("a cap at 1 holds back version 2: removeCap() lifts the cap");
        assertThat(state.capped(2).heldByCap()).isEmpty();
        assertThat(state.opened(2).heldByCap()).as("what is open is finished").isEmpty();
    }
}
