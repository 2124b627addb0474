package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Migrations that start only when every replica knows them. */
@Timeout(20)
class RequiresFullRolloutTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(5);

    private final KbMigration first = fleet.recording(1);

    /** Drops what older builds read. */
    private final class Drop implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            fleet.ran.add("2/" + kbId);
        }

        @Override
        public long version() {
            return 2;
        }

        @Override
        public String name() {
            return "drop";
        }

        @Override
        public boolean requiresFullRollout() {
            return true;
        }
    }

    private Migrator older(String host) {
        return fleet.migrator(builder -> builder.node(host).buildId("old"), first);
    }

    private Migrator newer() {
        return fleet.migrator(builder -> builder.node("new-host"), first, new Drop(), fleet.recording(3));
    }

    private void letLook() {
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 10);
    }

    private void assertWaiting(Migrator newer) {
        MemoryFleet.await().until(() -> fleet.ran.size() == 5);
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(newer.status().waitingFor())
                        .anySatisfy(reason -> assertThat(reason).contains("0002_drop", "old-host", "version 1")));
        letLook();
        assertThat(fleet.ran).hasSize(5);
        assertThat(newer.status().currentVersion()).isEqualTo(1);
    }

    private void assertGoesOn(Migrator newer) {
        MemoryFleet.await().until(() -> newer.status().currentVersion() == 3);
        assertThat(fleet.ran).hasSize(15);
        assertThat(newer.status().waitingFor()).isEmpty();
    }

    @Test
    void itStartsAStageOfItsOwn() {
        assertThat(newer().dryRun().stages())
                .extracting(DryRun.Stage::lastVersion)
                .containsExactly(1L, 3L);
    }

    @Test
    void itWaitsUntilTheOlderReplicaSaysGoodbye() {
        Migrator older = older("old-host");
        older.start();
        MemoryFleet.await().until(() -> older.status().currentVersion() == 1);
        Migrator newer = newer();
        newer.start();
        assertWaiting(newer);
        assertThat(older.readiness().ready()).isTrue();
        older.close();
        assertGoesOn(newer);
    }

    @Test
    void silenceIsNoConsentUntilTheGraceIsOver() {
        older("old-host").run();
        Migrator newer = newerWithGrace(Duration.ofSeconds(3));
        newer.start();
        assertWaiting(newer);
        assertGoesOn(newer);
    }

    private Migrator newerWithGrace(Duration grace) {
        return fleet.migrator(
                builder -> builder.node("new-host").rolloutGrace(grace), first, new Drop(), fleet.recording(3));
    }

    @Test
    void aClockThatJumpsAheadMakesNobodySilent() {
        Migrator older = older("old-host");
        older.start();
        MemoryFleet.await().until(() -> older.status().currentVersion() == 1);
        fleet.storeCalls.calls.clear();
        Migrator newer = newerWithGrace(Duration.ofMinutes(15));
        newer.start();
        older.close(Duration.ZERO);
        fleet.memory.look(new Heartbeat("old", "old-host", "old", 1, true, DueFilter.BY_THE_CLOCK, false));
        MemoryFleet.await().until(() -> !newer.status().waitingFor().isEmpty());
        fleet.advance(Duration.ofHours(1));
        letLook();
        assertThat(newer.status().currentVersion()).isEqualTo(1);
        assertThat(newer.status().waitingFor())
                .anySatisfy(reason -> assertThat(reason).contains("0002_drop"));
    }

    @Test
    void aPersonCanForgetAReplica() {
        Migrator older = older("old-host");
        older.run();
        Migrator newer = newer();
        newer.start();
        assertWaiting(newer);
        newer.status().replicas().stream()
                .filter(replica -> replica.node().equals("old-host"))
                .forEach(replica -> newer.forgetReplica(replica.id()));
        newer.forgetReplica("nobody");
        assertGoesOn(newer);
    }

    @Test
    void aRunDoesNotWaitForOlderReplicasToGo() {
        older("old-host").run();
        RunReport report = newer().run();
        assertThat(report.currentVersion()).isEqualTo(1);
        assertThat(report.targetVersion()).isEqualTo(3);
        assertThat(report.standingBy())
                .hasValueSatisfying(reason -> assertThat(reason).contains("0002_drop", "old-host"));
        assertThat(fleet.ran).hasSize(5);
    }

    @Test
    void whatIsOpenAndUnknownIsNotSafeToServe() {
        Migrator older = older("old-host");
        older.start();
        MemoryFleet.await().until(() -> older.readiness().ready());
        Migrator newer = newer();
        newer.start();
        assertWaiting(newer);
        fleet.advance(Duration.ofMinutes(16));
        MemoryFleet.await().until(() -> {
            newer.status().replicas().stream()
                    .filter(replica -> replica.node().equals("old-host"))
                    .forEach(replica -> newer.forgetReplica(replica.id()));
            return fleet.ran.size() > 5;
        });
        MemoryFleet.await().until(() -> !older.readiness().ready());
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(newer.status().replicas())
                        .filteredOn(replica -> replica.node().equals("old-host"))
                        .isNotEmpty()
                        .noneMatch(MigratorStatus.Replica::ready));
        assertThat(newer.readiness().ready()).isTrue();
        assertThat(newer.status().replicas())
                .filteredOn(replica -> replica.node().equals("new-host"))
                .allMatch(MigratorStatus.Replica::ready);
    }

    @Test
    void aReplicaThatCannotAnnounceItselfIsNotSafeToServe() {
        Migrator migrator = fleet.migrator(builder -> builder.rolloutGrace(Duration.ofMillis(600)), first);
        assertThat(migrator.readiness().ready()).as("before the start").isFalse();
        migrator.start();
        MemoryFleet.await().until(() -> migrator.readiness().ready());
        fleet.storeCalls.fail(() -> new StateStoreException("cut off"), "look");
        MemoryFleet.await().until(() -> !migrator.readiness().ready());
        fleet.storeCalls.mend();
        MemoryFleet.await().until(() -> migrator.readiness().ready());
        migrator.close();
        assertThat(migrator.readiness().ready()).as("closed").isFalse();
    }

    @Test
    void theFlagIsNoPartOfWhatBuildsMustAgreeOn() {
        newer().run();
        fleet.ran.clear();
        RunReport report = fleet.migrator(first, KbMigration.of(2, "drop", (context, kbId) -> {}), fleet.recording(3))
                .run();
        assertThat(report.currentVersion()).isEqualTo(3);
    }

    @Test
    void aReplicaThatWasKilledLeavesTheListAfterADay() {
        older("old-host").run();
        Migrator newer = fleet.migrator(builder -> builder.rolloutGrace(Duration.ofMillis(10)), first);
        newer.start();
        fleet.advance(Duration.ofHours(23));
        letLook();
        assertThat(newer.status().replicas()).hasSize(2);
        fleet.advance(Duration.ofHours(2));
        MemoryFleet.await().until(() -> newer.status().replicas().size() == 1);
    }
}
