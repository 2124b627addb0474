package dev.kbmigrator;

import java.util.List;

/**
 * What a run would do now: the dry run. Nothing was changed to make it.
 *
 * @param currentVersion the fleet's current version
 * @param targetVersion the version that a run would bring it to
 * @param stages what is to be done, in order
 * @param enrolledKbs how many KBs are enrolled
 * @param kbsToMigrate how many of them are below the target
 * @param sample some of those, at most 20
 * @param problems what keeps this replica from doing it: a conflict with the stored plan, migrations that it does not know
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
     * Copies its lists.
     *
     * @param currentVersion the fleet's current version
     * @param targetVersion the version that a run would bring it to
     * @param stages what is to be done, in order
     * @param enrolledKbs how many KBs are enrolled
     * @param kbsToMigrate how many of them are below the target
     * @param sample some of those, at most 20
     * @param problems what keeps this replica from doing it: a conflict with the stored plan, migrations that it does not know
     */
    public DryRun {
        stages = List.copyOf(stages);
        sample = List.copyOf(sample);
        problems = List.copyOf(problems);
    }

    /**
     * A run of migrations whose KB parts are pipelined KB by KB. Only the last may have a global part, which runs when every
     * KB has got there.
     *
     * @param migrations the migrations, in order, at least one
     */
    public record Stage(List<MigrationInfo> migrations) {

        /**
         * Copies its list.
         *
         * @param migrations the migrations, in order, at least one
         */
        public Stage {
            migrations = List.copyOf(migrations);
        }

        /**
         * The version that the fleet has when the stage is done.
         *
         * @return the last migration's version
         */
        public long lastVersion() {
            return migrations.get(migrations.size() - 1).version();
        }
    }

    /**
     * Whether there is nothing to do.
     *
     * @return whether the fleet is at the target, with no KB behind
     */
    public boolean isUpToDate() {
        return stages.isEmpty() && kbsToMigrate == 0;
    }
}
