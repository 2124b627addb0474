package dev.kbmigrator;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a {@link Migrator#run()} did, and what is left to do. Immutable.
 *
 * @param currentVersion the fleet's current version at the end of the run
 * @param targetVersion the version that the run was to reach
 * @param kbMigrations how many KB parts this replica completed; a KB that advanced by two versions counts twice
 * @param globalMigrations the versions whose global part this replica ran
 * @param failureCount how many KBs of the fleet are failing, whether their next attempt is due or not, or set aside
 * @param failures at most 100 of the KBs that are failing or set aside
 * @param globalFailure the error of the next global part, if it has failed; otherwise empty
 * @param standingBy why this replica could not do everything itself: for example, because newer replicas have extended the plan,
 *     because the run would have to wait for older replicas, or because an operator's cap holds versions back; empty otherwise
 * @param duration how long the run took
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
     * Creates a report with copies of the given lists.
     *
     * @param currentVersion the fleet's current version at the end of the run
     * @param targetVersion the version that the run was to reach
     * @param kbMigrations how many KB parts this replica completed
     * @param globalMigrations the versions whose global part this replica ran
     * @param failureCount how many KBs of the fleet are failing or set aside
     * @param failures some of the KBs that are failing or set aside
     * @param globalFailure the error of the next global part, if it has failed
     * @param standingBy why this replica could not do everything itself
     * @param duration how long the run took
     */
    public RunReport {
        globalMigrations = List.copyOf(globalMigrations);
        failures = List.copyOf(failures);
    }
}
