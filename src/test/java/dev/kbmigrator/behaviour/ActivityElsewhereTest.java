package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What one replica does can be seen from any other, and from a process that only asks. */
@Timeout(30)
class ActivityElsewhereTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch end = new CountDownLatch(1);

    private final KbMigration hanging = KbMigration.of(1, "hang", (context, kbId) -> {
        context.saveCheckpoint(7);
        context.progress("file 7 of 9");
        entered.countDown();
        end.await();
    });

    @AfterEach
    void letItEnd() {
        end.countDown();
    }

    private static MigratorBuilder settings(MigratorBuilder builder) {
        return builder.leaseTtl(Duration.ofSeconds(1));
    }

    private Migrator hangingReplica() throws InterruptedException {
        Migrator migrator = fleet.migrator(builder -> settings(builder).node("far-away"), hanging);
        migrator.start();
        entered.await();
        return migrator;
    }

    @Test
    void anExecutionThatHangsElsewhereIsShownWithItsProgressAndItsCheckpoint() throws InterruptedException {
        hangingReplica();
        Migrator other = fleet.migrator(ActivityElsewhereTest::settings, hanging);
        MemoryFleet.await()
                .until(() -> other.status().waitingFor().stream()
                        .anyMatch(reason -> reason.contains("kb-0") && reason.contains("0001_hang")));
        MigratorStatus status = other.status();
        assertThat(status.running()).singleElement().satisfies(one -> {
            assertThat(one.replicaId()).isEqualTo(status.replicas().get(0).id());
            assertThat(one.kbId()).isEqualTo("kb-0");
            assertThat(one.migration()).isEqualTo("0001_hang");
            assertThat(one.progress()).isEqualTo("file 7 of 9");
            assertThat(one.since()).isGreaterThan(Duration.ofSeconds(1));
            assertThat(one.checkpointAge())
                    .hasValueSatisfying(age -> assertThat(age).isBetween(Duration.ZERO, one.since()));
        });
        assertThat(status.waitingFor())
                .anySatisfy(reason -> assertThat(reason)
                        .contains("on replica", "far-away", "progress: file 7 of 9", "last checkpoint"));
        assertThat(status.replicas()).as("whoever only asks is no replica").hasSize(1);
    }

    @Test
    void whatOneReplicaCannotDoIsShownByAnother() throws InterruptedException {
        CountDownLatch failing = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(
                builder -> settings(builder).node("far-away"), KbMigration.of(1, "one", (context, kbId) -> {
                    fleet.storeCalls.fail(() -> new StateStoreException("the disk is full"), "write");
                    failing.countDown();
                }));
        migrator.start();
        failing.await();
        Migrator other = fleet.migrator(ActivityElsewhereTest::settings, fleet.recording(1));
        MemoryFleet.await()
                .until(() -> other.status().waitingFor().stream()
                        .anyMatch(reason -> reason.startsWith("replica ")
                                && reason.contains("far-away")
                                && reason.contains("the disk is full")));
    }

    @Test
    void aReplicaThatHasLeftIsNoLongerShown() throws InterruptedException {
        Migrator migrator = hangingReplica();
        Migrator other = fleet.migrator(ActivityElsewhereTest::settings, hanging);
        MemoryFleet.await().until(() -> !other.status().running().isEmpty());
        end.countDown();
        migrator.close();
        assertThat(other.status().running()).isEmpty();
        assertThat(fleet.memory.replicaReports()).isEmpty();
    }
}
