package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(20)
class DeploysTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(10);

    private final Queue<String> told = new ConcurrentLinkedQueue<>();

    private final MigratorListener listener = new MigratorListener() {
        @Override
        public void standingBy(String reason) {
            told.add(reason);
        }
    };

    private Migrator knowing(int versions) {
        Migration[] migrations = new Migration[versions];
        for (int i = 0; i < versions; i++) {
            migrations[i] = (i + 1) % 3 == 0 ? fleet.recordingGlobal(i + 1) : fleet.recording(i + 1);
        }
        return fleet.migrator(builder -> builder.listener(listener), migrations);
    }

    private void letLook() {
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 10);
    }

    @Test
    void anOlderBuildStandsByAndSaysSoOnce() {
        knowing(2).run();
        knowing(4).run();
        fleet.ran.clear();
        Migrator older = knowing(2);
        older.start();
        MemoryFleet.await().until(() -> !told.isEmpty());
        letLook();
        assertThat(told).singleElement().asString().contains("version 4", "up to version 2");
        assertThat(older.status().waitingFor()).hasSize(1);
        assertThat(fleet.ran).isEmpty();
        assertThat(fleet.version("kb-0")).isEqualTo(4);
    }

    @Test
    void anOlderBuildLeftAloneFinishesThePrefixThatItKnows() {
        Migrator newer = knowing(5);
        newer.pause("so that it only announces");
        newer.registerKb("new");
        newer.close();
        knowing(5).resume();
        RunReport report = knowing(2).run();
        assertThat(report.currentVersion()).isEqualTo(2);
        assertThat(report.targetVersion()).isEqualTo(5);
        assertThat(report.standingBy()).isPresent();
        assertThat(fleet.ran).hasSize(20);
        assertThat(knowing(5).run().currentVersion()).isEqualTo(5);
        assertThat(fleet.ran).hasSize(41).doesNotHaveDuplicates();
    }

    @Test
    void aKbThatAnOlderBuildEnrolsBehindIsFoundWithoutANewRelease() {
        Migrator newer = knowing(4);
        newer.start();
        MemoryFleet.await().until(() -> newer.status().currentVersion() == 4);
        knowing(1).registerKb("behind");
        assertThat(fleet.version("behind")).isGreaterThanOrEqualTo(1);
        MemoryFleet.await().until(() -> fleet.version("behind") == 4);
        assertThat(fleet.ran).contains("2/behind", "4/behind").doesNotContain("1/behind");
        assertThat(newer.status().currentVersion()).isEqualTo(4);
    }

    @Test
    void aNewerBuildMayComeAndGo() {
        knowing(2).run();
        Migrator newer = knowing(4);
        newer.run(3);
        newer.close();
        Migrator older = knowing(2);
        assertThat(older.run().currentVersion()).isEqualTo(3);
        fleet.kbs.add("late");
        fleet.advance(Duration.ofMinutes(6));
        Migrator background = knowing(2);
        background.start();
        MemoryFleet.await().until(() -> fleet.version("late") == 2);
        assertThat(fleet.version("kb-0")).isEqualTo(2);
        assertThat(fleet.ran).noneMatch(part -> part.startsWith("4/"));
    }

    /** A build from before the fields were invented writes the state as it is deployed next to a newer one, or rolled back to. */
    @Test
    void fieldsOfNewerBuildsOutliveTheWritesOfOlderOnes() {
        knowing(1).run();
        Document state = fleet.memory.document("now/state").orElseThrow();
        String extended = state.json()
                .replaceFirst("\\{", "{\"invented\":7,")
                .replace("\"name\":\"kb_1\"", "\"name\":\"kb_1\",\"inventedToo\":8");
        assertThat(fleet.memory.compareAndSet("now/state", state.revision(), extended, null))
                .isTrue();
        assertThat(knowing(2).run().currentVersion()).isEqualTo(2);
        assertThat(fleet.memory.document("now/state").orElseThrow().json())
                .contains("\"invented\":7", "\"inventedToo\":8", "kb_2");
    }

    /** A library of a later version may have given the documents another meaning. */
    @Test
    void aFleetThatUsesAnUnknownFeatureIsLeftAlone() {
        fleet.migrator(fleet.recording(1)).run();
        fleet.ran.clear();
        Document state = fleet.memory.document("now/state").orElseThrow();
        String requires = state.json().replaceFirst("\\{", "{\"requires\":[\"telepathy\"],");
        assertThat(fleet.memory.compareAndSet(state.name(), state.revision(), requires, null))
                .isTrue();
        fleet.kbs.add("new");
        Migrator migrator = fleet.migrator(
                builder -> builder.listener(listener).listingInterval(Duration.ofMillis(1)),
                fleet.recording(1),
                fleet.recording(2));
        migrator.start();
        letLook();
        assertThat(told).singleElement().asString().contains("telepathy", "does nothing until it is updated");
        assertThat(migrator.status().waitingFor()).anyMatch(reason -> reason.contains("telepathy"));
        assertThat(fleet.memory.find(List.of("new"))).as("nothing is enrolled").isEmpty();
        assertThatThrownBy(() -> migrator.registerKb("other")).hasMessageContaining("telepathy");
        assertThat(fleet.ran).isEmpty();
        assertThat(fleet.memory.document("now/state").orElseThrow().json()).isEqualTo(requires);
    }

    @Test
    void aKbIsLeftToTheBuildsThatHaveItsMigration() {
        Migration[] all = {fleet.recording(1), fleet.recording(2), fleet.recording(3)};
        fleet.migrator(all).run();
        fleet.ran.clear();
        fleet.kbs.add("behind");
        fleet.memory.enroll(List.of("behind"), 0);
        assertThatThrownBy(fleet.migrator(fleet.recording(2), fleet.recording(3))::run)
                .isInstanceOf(MigrationFailedException.class);
        assertThat(fleet.version("behind")).isZero();
        assertThat(fleet.ran).isEmpty();
        fleet.migrator(all).run();
        assertThat(fleet.ran).containsExactly("1/behind", "2/behind", "3/behind");
    }

    /** To take a partition in vain is no harm to the state, but fences out whoever could do something in it. */
    @Test
    void anOlderBuildTakesNoPartitionForWhatItDoesNotKnow() {
        KbMigration failing = KbMigration.of(2, "fail", (context, kbId) -> {
            throw new IllegalStateException("bad data");
        });
        Migrator newer = fleet.migrator(fleet.recording(1), failing);
        assertThatThrownBy(newer::run).isInstanceOf(MigrationFailedException.class);
        newer.close();
        fleet.advance(Duration.ofHours(1));
        fleet.lockCalls.calls.clear();
        Migrator older = knowing(1);
        older.start();
        MemoryFleet.await().until(() -> !told.isEmpty());
        letLook();
        assertThat(fleet.lockCalls.calls).doesNotContain("tryAcquireAll");
    }

    @Test
    void threeBuildsAtOnceAgree() {
        List<Migrator> builds = List.of(knowing(1), knowing(3), knowing(5));
        builds.forEach(Migrator::start);
        MemoryFleet.await().until(() -> builds.get(0).status().currentVersion() == 5);
        assertThat(fleet.ran).hasSize(41).doesNotHaveDuplicates();
    }

    @Test
    void aCapIsKeptAndRespectedByBuildsThatKnowMore() {
        assertThat(knowing(4).run(2).currentVersion()).isEqualTo(2);
        assertThat(knowing(5).run().currentVersion()).isEqualTo(2);
        Migrator background = knowing(5);
        background.start();
        letLook();
        assertThat(background.status().targetVersion()).isEqualTo(2);
        background.removeCap();
        MemoryFleet.await().until(() -> background.status().currentVersion() == 5);
    }

    @Test
    void aCapBelowWhatIsOpenLeavesTheStageToItsEnd() {
        AtomicBoolean failing = new AtomicBoolean(true);
        KbMigration second = KbMigration.of(2, "second", (context, kbId) -> {
            if (failing.get() && kbId.equals("kb-3")) {
                throw new IllegalStateException("bad data");
            }
        });
        Migrator migrator = fleet.migrator(fleet.recording(1), second);
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        failing.set(false);
        assertThat(migrator.run(1).currentVersion()).isEqualTo(2);
    }

    @Test
    void whatHasNotStartedCanBeWithdrawn() {
        knowing(2).run();
        Migrator newer = knowing(4);
        newer.run(2);
        newer.close();
        Migrator older = knowing(2);
        older.removeCap();
        older.abandonTarget("release withdrawn");
        assertThat(older.status().plan()).hasSize(2);
        assertThat(older.run().standingBy()).isEmpty();
        KbMigration other = KbMigration.of(3, "something_else", (context, kbId) -> {});
        assertThat(fleet.migrator(fleet.recording(1), fleet.recording(2), other)
                        .run()
                        .currentVersion())
                .isEqualTo(3);
    }

    @Test
    void whatHasStartedOrWasRegisteredCannotBeWithdrawn() {
        knowing(2).run();
        Migrator newer = knowing(4);
        newer.pause("only announces");
        newer.registerKb("new");
        newer.abandonTarget("too late");
        assertThat(newer.status().plan()).hasSize(4);
        KbMigration other = KbMigration.of(3, "something_else", (context, kbId) -> {});
        Migrator conflicting = fleet.migrator(fleet.recording(1), fleet.recording(2), other);
        assertThatThrownBy(() -> conflicting.registerKb("x")).isInstanceOf(InvalidMigrationsException.class);
    }

    @Test
    void withdrawingNothingWritesNothing() {
        knowing(2).run();
        fleet.storeCalls.calls.clear();
        knowing(2).abandonTarget("nothing to withdraw");
        knowing(2).removeCap();
        assertThat(fleet.storeCalls.calls).isNotEmpty().doesNotContain("compareAndSet");
    }

    @Test
    void aRunWhoseAnnouncementMeetsAnotherChangeAnnouncesAgain() {
        Migrator older = fleet.migrator(fleet.recording(1));
        Migrator newer = fleet.migrator(fleet.recording(1), fleet.recording(2));
        AtomicBoolean met = new AtomicBoolean();
        fleet.storeCalls.onCall = call -> {
            if (call.equals("compareAndSet") && met.compareAndSet(false, true)) {
                older.run();
            }
        };
        newer.run();
        assertThat(met).isTrue();
        assertThat(newer.status().currentVersion()).isEqualTo(2);
    }
}
