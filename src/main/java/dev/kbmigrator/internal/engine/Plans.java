package dev.kbmigrator.internal.engine;

import dev.kbmigrator.DryRun.Stage;
import dev.kbmigrator.MigrationInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What follows from a plan: an ordered list of migrations. Pure. */
final class Plans {

    private Plans() {}

    /**
     * The version at which the stage ends that comes after {@code current}: the first migration with a global part, because
     * that needs a barrier, or the last one before a migration that waits for a full rollout, or else the target. Equal to
     * {@code current} when nothing comes.
     */
    static long stageEnd(List<MigrationInfo> plan, long current, long target) {
        long end = current;
        for (MigrationInfo migration : plan) {
            if (migration.version() > current && migration.version() <= target) {
                if (migration.fullRollout() && end > current) {
                    break;
                }
                end = migration.version();
                if (migration.globalPart()) {
                    break;
                }
            }
        }
        return end;
    }

    /** The stages from {@code current} to the target. */
    static List<Stage> stages(List<MigrationInfo> plan, long current, long target) {
        List<Stage> stages = new ArrayList<>();
        long from = current;
        for (long end = stageEnd(plan, from, target); end > from; end = stageEnd(plan, from, target)) {
            stages.add(new Stage(between(plan, from, end)));
            from = end;
        }
        return stages;
    }

    /** The migrations above {@code from}, up to {@code to}. */
    static List<MigrationInfo> between(List<MigrationInfo> plan, long from, long to) {
        return plan.stream()
                .filter(migration -> migration.version() > from && migration.version() <= to)
                .toList();
    }

    /**
     * The version that a KB must have for the fleet to be at {@code version}: that of the last migration with a KB part. A
     * migration without one costs no write a KB.
     */
    static long kbGoal(List<MigrationInfo> plan, long version) {
        long goal = 0;
        for (MigrationInfo migration : plan) {
            if (migration.version() <= version && migration.kbPart()) {
                goal = migration.version();
            }
        }
        return goal;
    }

    /** The next migration with a part for a KB at that version, not beyond the goal; null when there is none. */
    static @Nullable MigrationInfo next(List<MigrationInfo> plan, long kbVersion, long goal) {
        for (MigrationInfo migration : plan) {
            if (migration.version() > kbVersion && migration.version() <= goal && migration.kbPart()) {
                return migration;
            }
        }
        return null;
    }

    /** The migration of that version; null when the plan has none. */
    static @Nullable MigrationInfo at(List<MigrationInfo> plan, long version) {
        for (MigrationInfo migration : plan) {
            if (migration.version() == version) {
                return migration;
            }
        }
        return null;
    }

    /** The newest version of a plan, or {@code otherwise} when it is empty. */
    static long newest(List<MigrationInfo> plan, long otherwise) {
        return plan.isEmpty() ? otherwise : plan.get(plan.size() - 1).version();
    }
}
