package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.DryRun;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.MigratorStatus;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where nothing moves, or figures leave something out, a person is told. */
@Timeout(20)
class SilenceTest {

    private static final String CAPPED = "a cap at 2 holds back versions 3 to 5: removeCap() lifts the cap";

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(10);

    @RegisterExtension
    final LogCapture log = new LogCapture(Level.INFO);

    private Migrator knowing(int first, int last) {
        return fleet.migrator(builder -> builder.listingInterval(Duration.ofMillis(100)), recording(first, last));
    }

    private Migration[] recording(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(fleet::recording).toArray(Migration[]::new);
    }

    @Test
    void aCapSaysWhatItHoldsBackAndHowItIsLifted() {
        knowing(1, 3).run(2);
        Migrator later = knowing(1, 5);
        assertThat(later.dryRun().problems()).containsExactly(CAPPED);
        assertThat(later.run().standingBy()).hasValue(CAPPED);
        later.start();
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(later.status().waitingFor()).containsExactly(CAPPED));
        assertThat(log.messages(Level.INFO))
                .contains("The fleet stays at version 2: " + CAPPED)
                .noneMatch(line -> line.contains("target is version 0"));
        later.removeCap();
        MemoryFleet.await().until(() -> later.status().currentVersion() == 5);
        assertThat(later.status().waitingFor()).isEmpty();
        assertThat(later.dryRun().problems()).isEmpty();
    }

    @Test
    void aPausedFleetSaysSoInADryRun() {
        Migrator migrator = knowing(1, 1);
        migrator.run();
        migrator.pause("busy hours");
        assertThat(migrator.dryRun().problems()).containsExactly("an operator has paused migrations: busy hours");
    }

    @Test
    void aVersionThatNoLiveReplicaKnowsIsNamed() {
        knowing(1, 1).run();
        Migrator newer = knowing(1, 3);
        newer.registerKb("new");
        Migrator older = knowing(1, 1);
        older.start();
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(older.status().waitingFor())
                        .anySatisfy(reason -> assertThat(reason).contains("no live replica knows versions 2 to 3")));
        newer.start();
        MemoryFleet.await().until(() -> older.status().currentVersion() == 3);
    }

    @Test
    void aDryRunSaysWhenTheHostsListWasRead() {
        Migrator migrator = fleet.migrator(recording(1, 2));
        DryRun before = migrator.dryRun();
        assertThat(before.listedAt()).isEmpty();
        assertThat(before.isUpToDate()).isFalse();
        assertThat(before.problems()).singleElement().asString().contains("has never been read");
        assertThat(fleet.migrator().dryRun().isUpToDate())
                .as("without migrations nobody can tell either")
                .isFalse();
        migrator.run();
        DryRun after = migrator.dryRun();
        assertThat(after.listedAt())
                .hasValueSatisfying(
                        at -> assertThat(Duration.between(at, Instant.now())).isLessThan(Duration.ofMinutes(1)));
        assertThat(after.isUpToDate()).isTrue();
        assertThat(after.unenrolledKbs()).isEmpty();
    }

    @Test
    void aDryRunThatReadsTheListCountsWhatIsNotEnrolled() {
        Migrator migrator = fleet.migrator(recording(1, 2));
        assertThat(migrator.dryRunReadingList().kbsToMigrate()).isEqualTo(10);
        assertThat(fleet.memory.count(Long.MAX_VALUE)).as("nothing is enrolled").isZero();
        migrator.run();
        assertThat(migrator.dryRunReadingList().isUpToDate()).isTrue();
        IntStream.range(0, 2_500).forEach(i -> fleet.kbs.add("import-" + i));
        fleet.kbs.add(" ");
        DryRun dryRun = migrator.dryRunReadingList();
        assertThat(dryRun.unenrolledKbs()).hasValue(2_500);
        assertThat(dryRun.kbsToMigrate()).isEqualTo(2_500);
        assertThat(dryRun.sample()).hasSize(20).allMatch(id -> id.startsWith("import-"));
        assertThat(dryRun.isUpToDate()).isFalse();
        assertThat(dryRun.problems()).singleElement().asString().contains("is blank");
    }

    @Test
    void aListThatFailsIsAProblemOfTheDryRun() {
        Migrator migrator = fleet.migrator(
                builder -> builder.knowledgeBoxes(() -> {
                    throw new IllegalStateException("no\nconnection");
                }),
                recording(1, 1));
        DryRun dryRun = migrator.dryRunReadingList();
        assertThat(dryRun.unenrolledKbs()).isEmpty();
        assertThat(dryRun.isUpToDate()).isFalse();
        assertThat(dryRun.problems()).singleElement().asString().contains("failed after 0 ids", "no\\nconnection");
    }

    @Test
    void aKbThatNeedsVersionsThatNoBuildHasIsNamed() {
        try (Migrator old = knowing(1, 3)) {
            old.run();
        }
        fleet.kbs.add("restored");
        Migrator squashed = knowing(4, 5);
        squashed.start();
        String sentence =
                "1 KBs need versions 1 to 3, which no live build has (for example: restored): start a build that has"
                        + " them, or call skipKb(id, 3, reason) for a KB whose data is at version 3 all the same";
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(squashed.status().waitingFor()).contains(sentence));
        assertThatThrownBy(() -> squashed.migrateKb("restored"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContaining(sentence);
        assertThat(fleet.memory.documents("now/request/"))
                .as("a request that nobody can serve")
                .isEmpty();
        squashed.close();
        assertThatThrownBy(() -> knowing(4, 5).run())
                .isInstanceOf(MigrationFailedException.class)
                .hasMessageContaining(sentence);
        assertThat(knowing(4, 5).dryRun().problems())
                .containsExactly(sentence.replace("no live build has", "this build does not have"));
        Migrator again = knowing(4, 5);
        assertThat(again.skipKb("restored", 3, "restored by hand")).isEqualTo(5);
        assertThat(again.run().currentVersion()).isEqualTo(5);
        assertThat(again.status().waitingFor()).isEmpty();
    }

    @Test
    void aGlobalPartThatWasRemovedStrandsNobody() {
        fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2)).run();
        Migrator squashed = fleet.migrator(fleet.recording(3));
        assertThat(squashed.run().currentVersion()).isEqualTo(3);
        assertThat(fleet.version("kb-0")).isEqualTo(3);
    }

    @Test
    void aBaselineIsRaisedOnceNobodyIsBelowIt() {
        Migrator old = knowing(1, 3);
        old.run();
        Migrator newer = knowing(3, 3);
        assertThatThrownBy(() -> newer.raiseBaseline(2, "squashed in part"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContainingAll("some live replicas still have older migrations", "Stop them first");
        old.close();
        assertThatThrownBy(() -> newer.raiseBaseline(4, "squashed")).isInstanceOf(IllegalArgumentException.class);
        newer.raiseBaseline(2, "squashed in part");
        assertThatThrownBy(() -> newer.raiseBaseline(1, "back")).isInstanceOf(IllegalArgumentException.class);
        fleet.memory.enroll(List.of("late"), 2);
        assertThatThrownBy(() -> newer.raiseBaseline(3, "squashed"))
                .isInstanceOf(MigratorException.class)
                .hasMessageContainingAll("1 enrolled KBs are below version 3", "late");
        newer.forgetKb("late");
        newer.raiseBaseline(3, "squashed");
        assertThat(log.messages(Level.WARN))
                .anyMatch(line ->
                        line.startsWith("The baseline was raised from 2 to 3 by ") && line.endsWith(": squashed"));
        fleet.kbs.add("restored");
        fleet.ran.clear();
        fleet.advance(Duration.ofMinutes(6));
        Migrator squashed = knowing(4, 4);
        assertThat(squashed.run().currentVersion()).isEqualTo(4);
        assertThat(fleet.ran).contains("4/restored").hasSize(11);
    }

    @Test
    void aKbBelowARaisedBaselineIsNamedAndNeverRaised() {
        try (Migrator old = knowing(1, 3)) {
            old.run();
        }
        Migrator migrator = knowing(3, 3);
        migrator.raiseBaseline(3, "squashed");
        fleet.memory.enroll(List.of("stale"), 0);
        assertThat(migrator.status().waitingFor())
                .singleElement()
                .asString()
                .contains("1 KBs need versions 1 to 3", "stale", "skipKb(id, 3, reason)");
        assertThat(fleet.version("stale")).isZero();
        assertThat(migrator.skipKb("stale", 3, "good already")).isEqualTo(3);
        assertThat(migrator.status().waitingFor()).isEmpty();
    }

    @Test
    void failuresAreCountedAlikeWhateverIsDueOrPaused() {
        Migrator migrator = fleet.migrator(
                builder -> builder.backoff(Duration.ofHours(1), Duration.ofHours(1)),
                KbMigration.of(1, "fail", (context, kbId) -> {
                    throw new IllegalStateException("bad data");
                }));
        IntStream.range(0, 300).forEach(i -> fleet.kbs.add("more-" + i));
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        assertFailing(migrator.status(), 310);
        migrator.pause("to see");
        fleet.advance(Duration.ofHours(2));
        assertFailing(migrator.status(), 310);
    }

    private static void assertFailing(MigratorStatus status, long failing) {
        assertThat(status.failureCount()).isEqualTo(failing);
        assertThat(status.failures()).hasSize(100);
        assertThat(status.waitingFor()).contains(failing + " KBs are failing: they are retried when they are due");
    }

    @Test
    void aKbThatRunsWithACheckpointIsNotFailing() throws InterruptedException {
        CountDownLatch saved = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        fleet.kbs.clear();
        fleet.kbs.add("slow");
        Migrator migrator = fleet.migrator(KbMigration.of(1, "slow", (context, kbId) -> {
            context.saveCheckpoint("half");
            saved.countDown();
            release.await();
        }));
        migrator.start();
        saved.await();
        assertThat(migrator.status().waitingFor()).isEmpty();
        assertThat(migrator.status().failureCount()).isZero();
        release.countDown();
    }

    @Test
    void onlyWhatIsWithdrawnIsSaidToBe() {
        Migrator migrator = knowing(1, 2);
        migrator.run();
        assertThat(migrator.abandonTarget("rollback")).isEmpty();
        assertThat(log.messages(Level.INFO))
                .anyMatch(line -> line.startsWith("Nothing was withdrawn"))
                .noneMatch(line -> line.startsWith("Withdrew"));
        knowing(1, 4).run(2);
        assertThat(migrator.abandonTarget("rollback"))
                .extracting(MigrationInfo::version)
                .containsExactly(3L, 4L);
        assertThat(log.messages(Level.WARN)).contains("Withdrew 0003_kb_3, 0004_kb_4 from the fleet's plan: rollback");
    }
}
