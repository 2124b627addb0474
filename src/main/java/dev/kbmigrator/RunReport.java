package dev.kbmigrator;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link Migrator#run()} did and left.
 *
 * @param currentVersion the fleet's current version at the end
 * @param targetVersion the version it was to reach
 * @param kbMigrations how many KB parts this replica brought to an end (a KB that went up two versions counts twice)
 * @param globalMigrations the versions whose global part this replica ran
 * @param failureCount how many KBs of the fleet are failing or set aside
 * @param failures some of them, at most 100
 * @param globalFailure what the global part that stands next said when it failed; empty when it did not
 * @param standingBy why this replica could not do everything itself, such as a plan that newer replicas extended, or older
 *     replicas that are waited for
 * @param duration how long it took
 */
public record RunReport(
        long currentVersion,
        long targetVersion,
        long kbMigrations,
        List<Long> globalMigrations,
        long failureCount,
        List<KbFailure> failures,
        Optional<String> globalFailure,
        Optional<String> standingBy,
        Duration duration) {

    /**
     * Copies its lists.
     *
     * @param currentVersion the fleet's current version at the end
     * @param targetVersion the version it was to reach
     * @param kbMigrations how many KB parts this replica brought to an end (a KB that went up two versions counts twice)
     * @param globalMigrations the versions whose global part this replica ran
     * @param failureCount how many KBs of the fleet are failing or set aside
     * @param failures some of them, at most 100
     * @param globalFailure what the global part that stands next said when it failed; empty when it did not
     * @param standingBy why this replica could not do everything itself, such as a plan that newer replicas extended, or older
     *     replicas that are waited for
     * @param duration how long it took
     */
    public RunReport {
        globalMigrations = List.copyOf(globalMigrations);
        failures = List.copyOf(failures);
    }
}
