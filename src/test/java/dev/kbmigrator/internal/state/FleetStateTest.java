package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kbmigrator.internal.support.Json;
import dev.kbmigrator.spi.Document;
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
}
