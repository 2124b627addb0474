package dev.kbmigrator;

import java.util.List;

/**
 * What a run would do now. Computing it changes nothing. Immutable.
 *
 * @param currentVersion the fleet's current version
 * @param targetVersion the version that a run would bring the fleet to
 * @param stages what a run would do, in order
 * @param enrolledKbs how many KBs are enrolled
 * @param kbsToMigrate how many enrolled KBs are below the target
 * @param sample the ids of at most 20 of the KBs that are below the target
 * @param problems what prevents this replica from carrying out the run, a sentence each: for example, a conflict with the
 *     fleet's plan, or migrations that this build does not know
 */
public record DryRun(
        long currentVersion,
        long targetVersion,
        List<Stage> stages,
        long enrolledKbs,
        long kbsToMigrate,
        List<String> sample,
        List<String> problems) {

    /**
     * Creates a dry run with copies of the given lists.
     *
     * @param currentVersion the fleet's current version
     * @param targetVersion the version that a run would bring the fleet to
     * @param stages what a run would do, in order
     * @param enrolledKbs how many KBs are enrolled
     * @param kbsToMigrate how many enrolled KBs are below the target
     * @param sample the ids of some KBs that are below the target
     * @param problems what prevents this replica from carrying out the run
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
     * Returns whether there is nothing to do.
     *
     * @return whether the fleet is at the target and no KB is below it
     */
    public boolean isUpToDate() {
        return stages.isEmpty() && kbsToMigrate == 0;
    }
}
