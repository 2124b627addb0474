package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.MigrationsPausedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Documents that a partial restore or a stray script has changed. */
@Timeout(20)
class DamagedDocumentsTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(3);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private void put(String name, String json) {
        long revision = fleet.memory.document(name).map(Document::revision).orElse(0L);
        assertThat(fleet.memory.compareAndSet(name, revision, json, null)).isTrue();
    }

    @Test
    void historyAndTheListingAreRebuilt() {
        for (String damaged : List.of("no json", "[1]", "")) {
            put("history/" + "0".repeat(18) + "1", damaged);
            put("now/listing", damaged);
            Migrator migrator = fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2));
            assertThat(migrator.run().currentVersion()).isEqualTo(2);
            assertThat(fleet.memory.document("now/listing").orElseThrow().json())
                    .contains("completedMicros");
        }
        assertThat(fleet.memory
                        .document("history/" + "0".repeat(18) + "1")
                        .orElseThrow()
                        .json())
                .isNotNull();
        assertThat(log.messages(Level.WARN))
                .contains(
                        "The document now/listing is damaged and is written anew",
                        "The document history/" + "0".repeat(18) + "1 is damaged and is written anew");
    }

    @Test
    void aListingThatSaysNonsenseNeverCountsAsFresh() {
        put("now/listing", "{\"startedMicros\":\"soon\",\"completedMicros\":true}");
        assertThat(fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2))
                        .run()
                        .kbMigrations())
                .isEqualTo(3);
    }

    @Test
    void aBadRequestIsLeftOut() {
        put("now/request/bad", "no json");
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.start();
        MemoryFleet.await().until(() -> fleet.version("kb-0") == 1);
        assertThat(migrator.migrateKb("kb-0")).isEqualTo(1);
        assertThat(migrator.status().waitingFor()).singleElement().asString().contains("now/request/bad");
        assertThat(log.messages(Level.WARN).stream().filter(line -> line.contains("now/request/bad")))
                .as("once, not with each look")
                .hasSizeLessThanOrEqualTo(2);
    }

    @Test
    void aDamagedControlDocumentPausesUntilAPersonDecides() {
        put("now/control", "no json");
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(migrator::run)
                .isInstanceOf(MigrationsPausedException.class)
                .hasMessageContaining("the document now/control is damaged");
        assertThat(migrator.status().waitingFor()).singleElement().asString().contains("now/control is damaged");
        migrator.pause("to look into it");
        assertThatThrownBy(migrator::run).hasMessageContaining("to look into it");
        put("now/control", "[]");
        migrator.resume();
        assertThat(migrator.run().kbMigrations()).isEqualTo(3);
    }

    @Test
    void anImpossibleStateStopsEverythingAndIsNamed() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        migrator.run();
        String good = fleet.memory.document("now/state").orElseThrow().json();
        put("now/state", good.replace("\"current\":1", "\"current\":999999"));
        fleet.kbs.add("new");
        for (Migrator one : List.of(migrator, fleet.migrator(fleet.recording(1), fleet.recording(2)))) {
            assertThatThrownBy(one::run)
                    .isInstanceOf(MigratorException.class)
                    .hasMessageContainingAll("now/state", "current is 999999");
            assertThatThrownBy(one::status).isInstanceOf(StateStoreException.class);
            assertThatThrownBy(one::dryRun).isInstanceOf(StateStoreException.class);
            assertThatThrownBy(() -> one.registerKb("x")).isInstanceOf(StateStoreException.class);
            assertThatThrownBy(() -> one.migrateKb("kb-0")).isInstanceOf(StateStoreException.class);
        }
        put("now/state", good.replaceAll("\"plan\":\\[.*]", "\"plan\":[1,2]"));
        assertThatThrownBy(migrator::run).hasMessageContaining("plan[0].version is missing");
        put("now/state", good);
        fleet.advance(Duration.ofMinutes(6));
        assertThat(migrator.run().kbMigrations()).isEqualTo(1);
    }
}
