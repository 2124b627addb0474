package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.DryRun;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.support.MemoryFleet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What people read: plan, status, report; and what they may rely on in stages. */
@Timeout(20)
class DryRunAndStatusTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(30);

    @Test
    void aPlanChangesNothing() {
        fleet.migrator(fleet.recording(1)).run();
        var documents = fleet.memory.documents("");
        var kbs = fleet.memory.find(fleet.kbs);
        fleet.storeCalls.calls.clear();
        fleet.lockCalls.calls.clear();
        DryRun plan = fleet.migrator(fleet.recording(1), fleet.recording(2), fleet.recordingGlobal(3))
                .dryRun();
        assertThat(plan.currentVersion()).isEqualTo(1);
        assertThat(plan.targetVersion()).isEqualTo(3);
        assertThat(plan.stages()).hasSize(1);
        assertThat(plan.enrolledKbs()).isEqualTo(30);
        assertThat(plan.kbsToMigrate()).isEqualTo(30);
        assertThat(plan.sample()).hasSize(20).isSubsetOf(fleet.kbs);
        assertThat(plan.problems()).isEmpty();
        assertThat(plan.isUpToDate()).isFalse();
        assertThat(fleet.memory.documents("")).isEqualTo(documents);
        assertThat(fleet.memory.find(fleet.kbs)).isEqualTo(kbs);
        assertThat(fleet.storeCalls.calls).containsOnly("documents", "page", "count", "maxBatch");
        assertThat(fleet.lockCalls.calls).isEmpty();
        assertThat(fleet.migrator(fleet.recording(1)).dryRun().isUpToDate()).isTrue();
    }

    @Test
    void aPlanShowsConflicts() {
        fleet.migrator(fleet.recording(1)).run();
        assertThat(fleet.migrator(KbMigration.of(1, "other", (context, kbId) -> {}))
                        .dryRun()
                        .problems())
                .singleElement()
                .asString()
                .contains("0001_other");
    }

    @Test
    void theStatusShowsWhatRuns() throws InterruptedException {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(
                builder -> builder.node("here").buildId("1.2.3"),
                fleet.recording(1),
                GlobalMigration.of(2, "count", context -> {
                    context.progress("half of it");
                    entered.countDown();
                    release.await();
                }));
        migrator.start();
        entered.await();
        MigratorStatus status = migrator.status();
        assertThat(status.targetVersion()).isEqualTo(2);
        assertThat(status.enrolledKbs()).isEqualTo(30);
        assertThat(status.kbsToMigrate()).isZero();
        assertThat(status.plan()).extracting(MigrationInfo::toString).containsExactly("0001_kb_1", "0002_count");
        assertThat(status.running()).singleElement().satisfies(running -> {
            assertThat(running.migration()).isEqualTo("0002_count");
            assertThat(running.kbId()).isEmpty();
            assertThat(running.progress()).isEqualTo("half of it");
        });
        assertThat(status.replicas()).singleElement().satisfies(replica -> {
            assertThat(replica.node()).isEqualTo("here");
            assertThat(replica.build()).isEqualTo("1.2.3");
            assertThat(replica.newestVersion()).isEqualTo(2);
        });
        release.countDown();
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 2);
        assertThat(migrator.status().waitingFor()).isEmpty();
    }

    @Test
    void aVisitorIsNoReplica() {
        Migrator visitor = fleet.migrator(fleet.recording(1));
        assertThat(visitor.status().replicas()).isEmpty();
        assertThat(fleet.migrator().status().replicas()).isEmpty();
        assertThat(fleet.ran).isEmpty();
    }

    @Test
    void aFailureThatIsDueAgainStillCounts() {
        fleet.kbs.clear();
        fleet.kbs.add("bad");
        Migrator migrator = fleet.migrator(KbMigration.of(1, "fail", (context, kbId) -> {
            throw new IllegalStateException("bad data");
        }));
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        fleet.advance(java.time.Duration.ofHours(1));
        assertThat(migrator.status().failureCount()).isEqualTo(1);
        assertThat(migrator.status().failures()).hasSize(1);
    }

    @Test
    void noPartStartsBeforeThePartsThatItWaitsFor() {
        Migrator migrator = fleet.migrator(
                fleet.recording(1),
                fleet.recording(2),
                fleet.recordingGlobal(3),
                new Both(4),
                fleet.recording(5),
                fleet.recordingGlobal(6),
                fleet.recordingGlobal(7));
        assertThat(migrator.dryRun().stages())
                .extracting(DryRun.Stage::lastVersion)
                .containsExactly(3L, 4L, 6L, 7L);
        RunReport report = migrator.run();
        assertThat(report.globalMigrations()).containsExactly(3L, 4L, 6L, 7L);
        assertThat(report.kbMigrations()).isEqualTo(120);
        var order = fleet.ran.stream()
                .map(part -> part.charAt(0) + (part.endsWith("/") ? "g" : "k"))
                .toList();
        assertThat(order.subList(60, 61)).containsExactly("3g");
        assertThat(order.subList(61, 92)).containsOnlyOnce("4g").endsWith("4g");
        assertThat(order.subList(92, 124)).endsWith("6g", "7g");
    }

    private final class Both implements Migration {
        private final long version;

        Both(long version) {
            this.version = version;
        }

        @Override
        public void migrate(MigrationContext context) {
            fleet.ran.add(version + "/");
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            fleet.ran.add(version + "/" + kbId);
        }

        @Override
        public long version() {
            return version;
        }

        @Override
        public String name() {
            return "both";
        }
    }
}
