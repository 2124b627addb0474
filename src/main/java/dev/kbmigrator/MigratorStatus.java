package dev.kbmigrator;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The state of the fleet, for operators. Immutable.
 *
 * @param currentVersion the fleet's current version
 * @param targetVersion the version that the fleet is being brought to; the current version if there is nothing to do
 * @param plan the migrations that the fleet knows, in order
 * @param enrolledKbs how many KBs are enrolled
 * @param kbsToMigrate how many enrolled KBs are below the target
 * @param failureCount how many KBs are failing, whether their next attempt is due or not, or set aside
 * @param failures at most 100 of the KBs that are failing or set aside
 * @param replicas the replicas that have announced themselves and have not signed off
 * @param running what the replicas are running, the longest first
 * @param waitingFor what the fleet is waiting for, a sentence each; empty if it is not waiting
 */
public record MigratorStatus(
        long currentVersion,
        long targetVersion,
        List<MigrationInfo> plan,
        long enrolledKbs,
        long kbsToMigrate,
        long failureCount,
        List<KbFailure> failures,
        List<Replica> replicas,
        List<Running> running,
        List<String> waitingFor) {

    /**
     * Creates a status with copies of the given lists.
     *
     * @param currentVersion the fleet's current version
     * @param targetVersion the version that the fleet is being brought to
     * @param plan the migrations that the fleet knows, in order
     * @param enrolledKbs how many KBs are enrolled
     * @param kbsToMigrate how many enrolled KBs are below the target
     * @param failureCount how many KBs are failing or set aside
     * @param failures some of the KBs that are failing or set aside
     * @param replicas the replicas that have announced themselves and have not signed off
     * @param running what the replicas are running, the longest first
     * @param waitingFor what the fleet is waiting for
     */
    public MigratorStatus {
        plan = List.copyOf(plan);
        failures = List.copyOf(failures);
        replicas = List.copyOf(replicas);
        running = List.copyOf(running);
        waitingFor = List.copyOf(waitingFor);
    }

    /**
     * A replica of the fleet.
     *
     * @param id the replica's id, new each time that a migrator is built
     * @param node the machine that the replica runs on
     * @param build the build of the application
     * @param newestVersion the newest version that the build knows
     * @param ready whether {@link Migrator#readiness()} told the replica's host that it may serve requests
     * @param lastSeen when the replica last announced itself, by the state store's clock
     */
    public record Replica(String id, String node, String build, long newestVersion, boolean ready, Instant lastSeen) {}

    /**
     * An execution that is in progress. Those of this replica are shown as they are now; those of other replicas as they were at
     * their last look, and only if they had been running for a while.
     *
     * @param replicaId the replica that runs it
     * @param migration the migration, such as {@code 0012_backfill_file_md5}
     * @param kbId the KB's id; empty for a global part
     * @param since how long the execution has been running
     * @param progress the last message that the migration passed to {@link MigrationContext#progress}; empty if there was none
     * @param checkpointAge how long ago the execution saved its last checkpoint; empty if it has saved none
     */
    public record Running(
            String replicaId,
            String migration,
            String kbId,
            Duration since,
            String progress,
            Optional<Duration> checkpointAge) {}
}
