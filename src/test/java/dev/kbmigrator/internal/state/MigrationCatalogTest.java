package dev.kbmigrator.internal.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
        return MigrationCatalog.of(List.of(migrations), consecutive, problems);
    }

    @Test
    void aHostMayAskForConsecutiveVersions() {
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
    void theLongestNameAndTheShortestTimeLimitAreFine() {
        Duration shortest = Duration.ofMillis(1);
        catalog(false, new Limited(1, "n".repeat(200), Optional.of(shortest)));
        assertThat(problems).isEmpty();
        catalog(false, named(1, "n".repeat(201)), new Limited(2, "hasty", Optional.of(shortest.minusNanos(1))));
        assertThat(problems)
                .satisfiesExactly(
                        problem -> assertThat(problem).contains("must have 1 to 200 characters"),
                        problem -> assertThat(problem).contains("PT0.000999999S", "at least 1 ms"));
    }

    @Test
    void eachMigrationKeepsItsTimeLimit() {
        MigrationCatalog catalog =
                catalog(false, named(1, "any"), new Limited(2, "limited", Optional.of(Duration.ofSeconds(5))));
        assertThat(catalog.timeout(1)).isEmpty();
        assertThat(catalog.timeout(2)).hasValue(Duration.ofSeconds(5));
        assertThat(catalog.timeout(3)).isEmpty();
    }
}
