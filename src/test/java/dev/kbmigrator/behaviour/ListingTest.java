package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class ListingTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(5);

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private final AtomicInteger listings = new AtomicInteger();

    private Migrator started(Migration... migrations) {
        Migrator migrator = fleet.migrator(
                builder -> builder.knowledgeBoxes(() -> {
                    Stream<String> ids = fleet.kbs.stream();
                    return ids.onClose(listings::incrementAndGet);
                }),
                migrations);
        migrator.start();
        return migrator;
    }

    /** Lets so much time pass that the list is due, and waits until it was gone through. */
    private void listAgain() {
        int before = listings.get();
        fleet.advance(Duration.ofMinutes(6));
        MemoryFleet.await().until(() -> listings.get() > before);
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 3);
    }

    @Test
    void aKbThatIsAbsentTwiceIsForgotten() {
        Migrator migrator = started(fleet.recording(1));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        fleet.kbs.remove("kb-3");
        listAgain();
        assertThat(fleet.version("kb-3")).isEqualTo(1);
        listAgain();
        MemoryFleet.await().until(() -> fleet.version("kb-3") == -1);
        assertThat(fleet.memory.count(Long.MAX_VALUE)).isEqualTo(4);
    }

    @Test
    void aKbThatComesBackInBetweenStays() {
        Migrator migrator = started(fleet.recording(1));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        fleet.kbs.remove("kb-3");
        listAgain();
        fleet.kbs.add("kb-3");
        listAgain();
        fleet.kbs.remove("kb-3");
        listAgain();
        assertThat(fleet.version("kb-3")).isEqualTo(1);
    }

    @Test
    void anEmptyListRemovesNoLargeFleetAndSaysWhatToDo() {
        IntStream.range(0, 200).forEach(i -> fleet.kbs.add("another-" + i));
        Migrator migrator = started(fleet.recording(1));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        fleet.kbs.clear();
        listAgain();
        listAgain();
        listAgain();
        assertThat(fleet.memory.count(Long.MAX_VALUE)).isEqualTo(205);
        assertThat(log.messages(Level.WARN))
                .anySatisfy(message -> assertThat(message).contains("lists no KB", "forgetKb"));
    }

    @Test
    void aNewKbIsFoundWhileAnotherFailsForEver() {
        KbMigration failing = KbMigration.of(1, "fail", (context, kbId) -> {
            if (kbId.equals("kb-3")) {
                throw new IllegalStateException("for ever");
            }
        });
        Migrator migrator = started(failing);
        MemoryFleet.await().until(() -> migrator.status().failureCount() == 1);
        fleet.kbs.add("new");
        listAgain();
        MemoryFleet.await().until(() -> fleet.version("new") == 1);
        assertThat(migrator.status().currentVersion()).isZero();
    }

    @Test
    void aGlobalPartWaitsForTheKbsThatTheHostHasAddedMeanwhile() {
        Migrator migrator = started(
                KbMigration.of(1, "add", (context, kbId) -> {
                    if (fleet.kbs.addIfAbsent("late")) {
                        fleet.advance(Duration.ofMinutes(6));
                    }
                    fleet.ran.add("1/" + kbId);
                }),
                fleet.recordingGlobal(2));
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
        assertThat(fleet.ran).hasSize(7).contains("1/late").last().isEqualTo("2/");
    }

    @Test
    void oneReplicaListsForAll() {
        Migrator one = started(fleet.recording(1));
        Migrator other = started(fleet.recording(1));
        MemoryFleet.await().until(() -> one.status().currentVersion() == 1);
        listAgain();
        assertThat(other.status().replicas()).hasSize(2);
        assertThat(listings).hasValue(2);
    }
}
