package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.InvalidMigrationsException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("NullAway")
class ValidationTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(3);

    private static KbMigration kb(long version, String name) {
        return KbMigration.of(version, name, (context, kbId) -> {});
    }

    private static List<String> problemsOf(MigratorBuilder builder) {
        return catchThrowableOfType(InvalidMigrationsException.class, builder::build)
                .problems();
    }

    private List<String> problemsOfRun(Migration... migrations) {
        Migrator migrator = fleet.migrator(migrations);
        return catchThrowableOfType(InvalidMigrationsException.class, migrator::run)
                .problems();
    }

    /** A migration that says of itself what it likes. */
    @SuppressWarnings({"NullableOptional", "NullAway"})
    private record Odd(
            long version, @Nullable String name, @Nullable Optional<Duration> timeout, boolean throwing)
            implements KbMigration {
        @Override
        public long version() {
            if (throwing) {
                throw new IllegalStateException("not initialised");
            }
            return version;
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) {}
    }

    @Test
    void everyProblemOfABuildIsInOneError() {
        MigratorBuilder builder = fleet.builder()
                .migrations(Migrations.of(Arrays.asList(
                        kb(1, "one"),
                        kb(1, "other_one"),
                        kb(0, "zero"),
                        kb(2, " "),
                        null,
                        new KbMigration() {
                            @Override
                            public void migrateKb(MigrationContext context, String kbId) {}
                        },
                        new Odd(4, null, Optional.empty(), false),
                        new Odd(5, "five", Optional.empty(), true),
                        new Odd(6, "six", Optional.of(Duration.ZERO), false),
                        new Odd(7, "seven", null, false),
                        kb(9, "nine"))))
                .requireConsecutiveVersions(true)
                .kbConcurrency(0)
                .leaseTtl(Duration.ofMillis(99))
                .attemptTimeout(Duration.ZERO)
                .baselineVersion(-1);
        assertThat(String.join("\n", problemsOf(builder)).lines())
                .anySatisfy(problem -> assertThat(problem).contains("claimed twice", "one", "other_one"))
                .anySatisfy(problem -> assertThat(problem).contains("versions start at 1"))
                .anySatisfy(problem -> assertThat(problem).contains("version 2", "1 to 200 characters"))
                .anySatisfy(problem -> assertThat(problem).contains("a migration is null"))
                .anySatisfy(problem -> assertThat(problem).contains("ValidationTest$1", "M0001_MigrateData"))
                .anySatisfy(problem -> assertThat(problem).contains("version 4", "1 to 200 characters"))
                .anySatisfy(problem -> assertThat(problem).contains("Odd", "not initialised"))
                .anySatisfy(problem -> assertThat(problem).contains("6", "timeout"))
                .anySatisfy(problem -> assertThat(problem).contains("7", "timeout"))
                .anySatisfy(problem -> assertThat(problem).contains("consecutive"))
                .anySatisfy(problem -> assertThat(problem).contains("kbConcurrency"))
                .anySatisfy(problem -> assertThat(problem).contains("leaseTtl"))
                .anySatisfy(problem -> assertThat(problem).contains("attemptTimeout"))
                .anySatisfy(problem -> assertThat(problem).contains("baselineVersion"));
    }

    @Test
    void everythingThatIsMissingIsNamed() {
        assertThat(problemsOf(Migrator.builder()))
                .hasSize(3)
                .anySatisfy(problem -> assertThat(problem).contains("migrations(...)"))
                .anySatisfy(problem -> assertThat(problem).contains("storage(...)"))
                .anySatisfy(problem -> assertThat(problem).contains("knowledgeBoxes(...)"));
    }

    @Test
    void aGapIsAProblemOnlyForAHostThatSaysSo() {
        assertThat(problemsOf(fleet.builder(kb(3, "a"), kb(6, "b")).requireConsecutiveVersions(true)))
                .singleElement()
                .satisfies(problem -> assertThat(problem).contains("versions 4 to 5 are missing"));
        assertThat(fleet.migrator(kb(3, "a"), kb(6, "b")).run().currentVersion())
                .isEqualTo(6);
    }

    @Test
    void textsForPeopleThatAreTooLongAreRefused() {
        assertThat(problemsOf(fleet.builder().node("h".repeat(201)).buildId("b".repeat(201))))
                .hasSize(2)
                .allSatisfy(problem -> assertThat(problem).contains("200"));
    }

    @Test
    void aDurationThatMeansForEverIsFine() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        KbMigration patient = new KbMigration() {
            @Override
            public void migrateKb(MigrationContext context, String kbId) {}

            @Override
            public long version() {
                return 1;
            }

            @Override
            public String name() {
                return "patient";
            }

            @Override
            public Optional<Duration> timeout() {
                return Optional.of(forEver);
            }
        };
        Migrator migrator = fleet.migrator(
                builder -> builder.listingInterval(forEver)
                        .attemptTimeout(forEver)
                        .backoff(Duration.ofMillis(1), forEver)
                        .lookInterval(Duration.ofMillis(20), forEver),
                patient);
        assertThat(migrator.run().kbMigrations()).isEqualTo(3);
        migrator.close(forEver);
    }

    @Test
    void everyConflictWithTheStoredPlanIsInOneErrorBeforeAnyLock() {
        fleet.migrator(kb(1, "one"), kb(2, "two"), kb(4, "four"), kb(6, "six")).run();
        fleet.lockCalls.calls.clear();
        List<String> problems = problemsOfRun(
                kb(1, "renamed"),
                GlobalMigration.of(2, "two", context -> {}),
                kb(3, "too_late"),
                fleet.recording(6),
                fleet.recording(7));
        assertThat(problems)
                .hasSize(5)
                .anySatisfy(problem -> assertThat(problem).contains("0001_one", "0001_renamed"))
                .anySatisfy(problem -> assertThat(problem).contains("0002_two", "parts"))
                .anySatisfy(problem -> assertThat(problem).contains("0003_too_late", "out of order"))
                .anySatisfy(problem -> assertThat(problem).contains("0004_four", "does not have"))
                .anySatisfy(problem -> assertThat(problem).contains("0006_six", "0006_kb_6"));
        assertThat(fleet.lockCalls.calls).isEmpty();
        assertThat(fleet.ran).isEmpty();
    }

    @Test
    void aConflictDoesNotFailTheHostsStartupAndIsShown() {
        fleet.migrator(kb(1, "one")).run();
        Queue<String> told = new ConcurrentLinkedQueue<>();
        fleet.lockCalls.calls.clear();
        Migrator migrator = fleet.migrator(
                builder -> builder.listener(new MigratorListener() {
                    @Override
                    public void standingBy(String reason) {
                        told.add(reason);
                    }
                }),
                kb(1, "renamed"),
                fleet.recording(2));
        migrator.start();
        MemoryFleet.await().until(() -> !told.isEmpty());
        assertThat(migrator.status().waitingFor())
                .singleElement()
                .satisfies(reason -> assertThat(reason).contains("0001_one", "0001_renamed"));
        int looks = fleet.storeCalls.calls.size();
        MemoryFleet.await().until(() -> fleet.storeCalls.calls.size() > looks + 5);
        assertThat(told).hasSize(1);
        assertThat(fleet.ran).isEmpty();
    }

    @Test
    void migrationsUpToTheBaselineAreNeverRun() {
        RunReport report = fleet.migrator(
                        builder -> builder.baselineVersion(2),
                        fleet.recording(1),
                        fleet.recordingGlobal(2),
                        fleet.recording(3))
                .run();
        assertThat(report.currentVersion()).isEqualTo(3);
        assertThat(fleet.ran).containsExactlyInAnyOrder("3/kb-0", "3/kb-1", "3/kb-2");
    }

    @Test
    void theFirstBaselineCounts() {
        fleet.migrator(builder -> builder.baselineVersion(1), fleet.recording(1), fleet.recording(2))
                .run();
        fleet.ran.clear();
        fleet.kbs.add("late");
        fleet.advance(Duration.ofMinutes(6));
        fleet.migrator(builder -> builder.baselineVersion(2), fleet.recording(1), fleet.recording(2))
                .run();
        assertThat(fleet.ran).containsExactly("2/late");
    }

    @Test
    void nothingAtAllIsUpToDate() {
        RunReport report = fleet.migrator().run();
        assertThat(report.currentVersion()).isZero();
        assertThat(report.kbMigrations()).isZero();
    }

    @Test
    void aNegativeVersionIsRefused() {
        Migrator migrator = fleet.migrator(kb(1, "one"));
        assertThatThrownBy(() -> migrator.run(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> migrator.skipKb("kb-0", 0, "why")).isInstanceOf(IllegalArgumentException.class);
    }
}
