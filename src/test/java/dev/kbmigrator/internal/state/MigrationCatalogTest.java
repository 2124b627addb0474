package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MigrationCatalogTest {

    private final List<String> problems = new ArrayList<>();

    /** A migration that says how long it may run. */
    private record Limited(long version, String name, Optional<Duration> timeout) implements KbMigration {

        @Override
        public void migrateKb(MigrationContext context, String kbId) {}
    }

    private static Limited named(long version, String name) {
        return new Limited(version, name, Optional.empty());
    }

    private MigrationCatalog catalog(boolean consecutive, Limited... migrations) {
        return MigrationCatalog.of(List.of(migrations), consecutive, null, problems);
    }

    @Test
    void aHostMayRequireConsecutiveVersions() {
        catalog(true, named(7, "seven"), named(8, "eight"), named(9, "nine"));
        assertThat(problems).isEmpty();
        catalog(true, named(7, "seven"), named(9, "nine"), named(12, "twelve"));
        assertThat(problems)
                .extracting(problem -> problem.substring(0, problem.indexOf(',')))
                .containsExactly(
                        "versions 8 to 8 are missing between 7 and 9",
                        "versions 10 to 11 are missing between 9 and 12");
    }

    @Test
    void theLongestNameAndShortestTimeLimitAreValid() {
        Duration shortest = Duration.ofMillis(1);
        catalog(false, new Limited(1, "n".repeat(200), Optional.of(shortest)));
        assertThat(problems).isEmpty();
        catalog(false, named(1, "n".repeat(201)), new Limited(2, "hasty", Optional.of(shortest.minusNanos(1))));
        assertThat(problems)
                .satisfiesExactly(
                        problem -> assertThat(problem).contains("must have 1 to 200 characters"),
                        problem -> assertThat(problem).contains("PT0.000999999S", "at least 1 ms"));
    }

    private static Optional<Duration> timeLimit(MigrationCatalog catalog, long version) {
        return Objects.requireNonNull(catalog.get(version)).timeLimit();
    }

    @Test
    void eachMigrationKeepsItsTimeLimit() {
        MigrationCatalog catalog =
                catalog(false, named(1, "any"), new Limited(2, "limited", Optional.of(Duration.ofSeconds(5))));
        assertThat(timeLimit(catalog, 1)).isEmpty();
        assertThat(timeLimit(catalog, 2)).hasValue(Duration.ofSeconds(5));
        assertThat(catalog.get(3)).isNull();
    }

    @Test
    void aMigrationsOwnTimeLimitComesBeforeTheGeneralOne() {
        Duration minute = Duration.ofMinutes(1);
        MigrationCatalog catalog = MigrationCatalog.of(
                List.of(named(1, "any"), new Limited(2, "limited", Optional.of(Duration.ofSeconds(5)))),
                false,
                minute,
                problems);
        assertThat(timeLimit(catalog, 1)).hasValue(minute);
        assertThat(timeLimit(catalog, 2)).hasValue(Duration.ofSeconds(5));
    }

    @Test
    void aTimeLimitThatMeansForeverIsLimitedToTenYears() {
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        MigrationCatalog catalog = MigrationCatalog.of(
                List.of(named(1, "any"), new Limited(2, "limited", Optional.of(forever))), false, forever, problems);
        assertThat(timeLimit(catalog, 1)).hasValue(Duration.ofDays(3650));
        assertThat(timeLimit(catalog, 2)).hasValue(Duration.ofDays(3650));
    }

    @Test
    void migrationsAreFoundByVersionAndInOrder() {
        MigrationCatalog catalog = catalog(false, named(9, "nine"), named(7, "seven"), named(8, "eight"));
        assertThat(catalog.oldest()).isEqualTo(7);
        assertThat(catalog.newest()).isEqualTo(9);
        assertThat(catalog.above(7)).extracting(MigrationInfo::version).containsExactly(8L, 9L);
        assertThat(catalog.get(7))
                .isNotNull()
                .extracting(entry -> entry.info().name())
                .isEqualTo("seven");
    }

    @Test
    void anEmptyCatalogIsAtVersionZero() {
        assertThat(catalog(false).oldest()).isZero();
        assertThat(catalog(false).newest()).isZero();
    }

    @Test
    void aCatalogWithAProblemHasNoMigrations() {
        assertThat(catalog(false, named(1, "fine"), named(2, "")).above(0)).isEmpty();
        assertThat(problems).hasSize(1);
    }
}
