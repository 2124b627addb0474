package dev.kbmigrator;

import com.google.common.base.Strings;

/**
 * A migration as the fleet's plan describes it.
 *
 * @param version the version, at least 1
 * @param name the name
 * @param kbPart whether the migration has a KB part
 * @param globalPart whether the migration has a global part
 * @param fullRollout whether the migration {@linkplain Migration#requiresFullRollout requires a full rollout}
 */
public record MigrationInfo(long version, String name, boolean kbPart, boolean globalPart, boolean fullRollout) {

    /**
     * Creates the description of a migration that does not require a full rollout.
     *
     * @param version the version, at least 1
     * @param name the name
     * @param kbPart whether the migration has a KB part
     * @param globalPart whether the migration has a global part
     */
    public MigrationInfo(long version, String name, boolean kbPart, boolean globalPart) {
        this(version, name, kbPart, globalPart, false);
    }

    /**
     * Describes a migration. A {@link KbMigration} has only a KB part, a {@link GlobalMigration} has only a global part, and any
     * other migration has both.
     *
     * @param migration the migration
     * @return the migration's version, name, parts and need for a full rollout
     */
    public static MigrationInfo of(Migration migration) {
        return new MigrationInfo(
                migration.version(),
                migration.name(),
                !(migration instanceof GlobalMigration),
                !(migration instanceof KbMigration),
                migration.requiresFullRollout());
    }

    /** Returns the version, padded to at least four digits, and the name: {@code 0012_backfill_file_md5}. */
    @Override
    public String toString() {
        return Strings.padStart(Long.toString(version), 4, '0') + "_" + name;
    }
}
