package dev.kbmigrator.internal.state;

import dev.kbmigrator.DryRun.Stage;
import dev.kbmigrator.MigrationInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Migrations in the order of their versions, and what follows from that order. Immutable.
 *
 * @param migrations the migrations, in order
 */
public record Plan(List<MigrationInfo> migrations) {

    /** The plan without migrations. */
    public static final Plan EMPTY = new Plan(List.of());

    public Plan {
        migrations = List.copyOf(migrations);
    }

    /**
     * Returns the version at which the stage after {@code current} ends: the first migration with a global part, because that needs
     * a barrier, or the last one before a migration that needs a full rollout, or otherwise the target. Returns {@code current} when
     * nothing comes after it.
     */
    public long stageEnd(long current, long target) {
        long end = current;
        for (MigrationInfo migration : migrations) {
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

    /** Returns the stages from {@code current} to the target. */
    public List<Stage> stages(long current, long target) {
        List<Stage> stages = new ArrayList<>();
        long from = current;
        for (long end = stageEnd(from, target); end > from; end = stageEnd(from, target)) {
            stages.add(new Stage(between(from, end)));
            from = end;
        }
        return stages;
    }

    /** Returns the migrations above {@code from}, up to and including {@code to}. */
    public List<MigrationInfo> between(long from, long to) {
        return migrations.stream()
                .filter(migration -> migration.version() > from && migration.version() <= to)
                .toList();
    }

    /**
     * Returns the version that a KB must have for the fleet to be at {@code version}: that of the last migration with a KB part. So
     * a migration without one costs no write per KB.
     */
    public long kbGoal(long version) {
        long goal = 0;
        for (MigrationInfo migration : migrations) {
            if (migration.version() <= version && migration.kbPart()) {
                goal = migration.version();
            }
        }
        return goal;
    }

    /** Returns the next migration with a part for a KB at that version, not beyond the goal; null when there is none. */
    public @Nullable MigrationInfo nextForKb(long kbVersion, long goal) {
        for (MigrationInfo migration : migrations) {
            if (migration.version() > kbVersion && migration.version() <= goal && migration.kbPart()) {
                return migration;
            }
        }
        return null;
    }

    /** Returns the migration of that version; null when the plan has none. */
    public @Nullable MigrationInfo at(long version) {
        for (MigrationInfo migration : migrations) {
            if (migration.version() == version) {
                return migration;
            }
        }
        return null;
    }

    /** Returns the newest version of the plan, or {@code otherwise} when it is empty. */
    public long newest(long otherwise) {
        return migrations.isEmpty()
                ? otherwise
                : migrations.get(migrations.size() - 1).version();
    }
}
