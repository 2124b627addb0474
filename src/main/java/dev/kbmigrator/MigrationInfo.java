package dev.kbmigrator;

import com.google.common.base.Strings;

/**
 * What a plan says of one migration.
 *
 * @param version its sequence number, at least 1
 * @param name its name
 * @param kbPart whether it has a part for KBs
 * @param globalPart whether it has a global part
 * @param fullRollout whether it starts only when every running replica knows it
 */
public record MigrationInfo(long version, String name, boolean kbPart, boolean globalPart, boolean fullRollout) {

    /**
     * One that need not wait for replicas that do not know it.
     *
     * @param version its sequence number, at least 1
     * @param name its name
     * @param kbPart whether it has a part for KBs
     * @param globalPart whether it has a global part
     */
    public MigrationInfo(long version, String name, boolean kbPart, boolean globalPart) {
        this(version, name, kbPart, globalPart, false);
    }

    /**
     * Describes a migration; {@link KbMigration} and {@link GlobalMigration} have one part, any other has both.
     *
     * @param migration the migration
     * @return its version, name and parts
     */
    public static MigrationInfo of(Migration migration) {
        return new MigrationInfo(
                migration.version(),
                migration.name(),
                !(migration instanceof GlobalMigration),
                !(migration instanceof KbMigration),
                migration.requiresFullRollout());
    }

    /** The version with four digits at least, and the name: {@code 0012_backfill_file_md5}. */
    @Override
    public String toString() {
        return Strings.padStart(Long.toString(version), 4, '0') + "_" + name;
    }
}
