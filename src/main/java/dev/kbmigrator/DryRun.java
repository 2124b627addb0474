package dev.kbmigrator;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a run would do now. Computing it changes nothing. Immutable.
 *
 * @param currentVersion the fleet's current version
 * @param targetVersion the version that a run would bring the fleet to
 * @param stages what a run would do, in order
 * @param enrolledKbs how many KBs are enrolled
 * @param kbsToMigrate how many KBs a run would migrate: the enrolled KBs below the target and, if the host's list was read for this
 *     dry run, the KBs in it that are not enrolled
 * @param sample the ids of at most 20 of these KBs
 * @param problems what prevents this replica from carrying out the run, and what the figures leave out, a sentence each: for
 *     example, a conflict with the fleet's plan, migrations that this build does not know, a cap or a pause, or that the host's
 *     list was never read
 * @param listedAt the beginning of the last listing, by the state store's clock, in which a replica read the host's list to its end
 *     and enrolled the KBs in it; empty if there was none. KBs that the host has created since, and has not registered, are not among
 *     the enrolled KBs
 * @param unenrolledKbs how many KBs in the host's list are not enrolled; empty unless the list was read for this dry run, by
 *     {@link Migrator#dryRunReadingList()}
 */
public record DryRun(
        long currentVersion,
        long targetVersion,
        List<Stage> stages,
        long enrolledKbs,
        long kbsToMigrate,
        List<String> sample,
        List<String> problems,
        Optional<Instant> listedAt,
        OptionalLong unenrolledKbs) {

    /**
     * Creates a dry run with copies of the given lists.
     *
     * @param currentVersion the fleet's current version
     * @param targetVersion the version that a run would bring the fleet to
     * @param stages what a run would do, in order
     * @param enrolledKbs how many KBs are enrolled
     * @param kbsToMigrate how many KBs a run would migrate
     * @param sample the ids of some of these KBs
     * @param problems what prevents this replica from carrying out the run, and what the figures leave out
     * @param listedAt when the last listing that was read to its end began; empty if there was none
     * @param unenrolledKbs how many KBs in the host's list are not enrolled; empty unless the list was read
     */
    public DryRun {
        stages = List.copyOf(stages);
        sample = List.copyOf(sample);
        problems = List.copyOf(problems);
    }

    /**
     * Consecutive migrations that each KB runs one after the other, without waiting for other KBs. Only the last migration of a
     * stage may have a global part, which runs once every KB has reached its version.
     *
     * @param migrations the migrations, in order, at least one
     */
    public record Stage(List<MigrationInfo> migrations) {

        /**
         * Creates a stage with a copy of the given list.
         *
         * @param migrations the migrations, in order, at least one
         */
        public Stage {
            migrations = List.copyOf(migrations);
        }

        /**
         * Returns the version that the fleet has once the stage is done.
         *
         * @return the version of the last migration
         */
        public long lastVersion() {
            return migrations.get(migrations.size() - 1).version();
        }
    }

    /**
     * Returns whether there is nothing to do. As long as nobody has read the host's list, nobody can tell.
     *
     * @return whether the fleet is at the target, no KB is below it, and the host's list was read, now or before
     */
    public boolean isUpToDate() {
        boolean listed = listedAt.isPresent() || unenrolledKbs.isPresent();
        return listed && stages.isEmpty() && kbsToMigrate == 0;
    }
}
