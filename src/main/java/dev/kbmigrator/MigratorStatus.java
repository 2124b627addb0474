package dev.kbmigrator;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How things stand, for operators.
 *
 * @param currentVersion the fleet's current version
 * @param targetVersion the version that it is brought to; the current one when nothing is to be done
 * @param plan the migrations that the fleet knows of, in order
 * @param enrolledKbs how many KBs are enrolled
 * @param kbsToMigrate how many of them are below the target
 * @param failureCount how many are failing or set aside
 * @param failures some of those, at most 100
 * @param replicas the replicas that have announced themselves and not said goodbye
 * @param running what this replica is running now
 * @param waitingFor what stands in the way, a sentence each; empty when nothing does
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
     * Copies its lists.
     *
     * @param currentVersion the fleet's current version
     * @param targetVersion the version that it is brought to; the current one when nothing is to be done
     * @param plan the migrations that the fleet knows of, in order
     * @param enrolledKbs how many KBs are enrolled
     * @param kbsToMigrate how many of them are below the target
     * @param failureCount how many are failing or set aside
     * @param failures some of those, at most 100
     * @param replicas the replicas that have announced themselves and not said goodbye
     * @param running what this replica is running now
     * @param waitingFor what stands in the way, a sentence each; empty when nothing does
     */
    public MigratorStatus {
        plan = List.copyOf(plan);
        failures = List.copyOf(failures);
        replicas = List.copyOf(replicas);
        running = List.copyOf(running);
        waitingFor = List.copyOf(waitingFor);
    }

    /**
     * A replica.
     *
     * @param id its id, new with each life
     * @param node the machine that it runs on
     * @param build which build it is
     * @param newestVersion the newest version that it knows
     * @param ready whether it told its host that it may serve requests
     * @param lastSeen when it last announced itself, by the store's clock
     */
    public record Replica(String id, String node, String build, long newestVersion, boolean ready, Instant lastSeen) {}

    /**
     * A part that runs now.
     *
     * @param migration the migration, such as {@code 0012_backfill_file_md5}
     * @param kbId the KB; empty for a global part
     * @param since how long it has been running
     * @param progress what it last said of its progress; empty when it said nothing
     */
    public record Running(String migration, String kbId, Duration since, String progress) {}
}
