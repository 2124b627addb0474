package dev.kbmigrator;

import java.time.Duration;
import java.util.Optional;

/**
 * One versioned change of data. A migration has a KB part, which runs for each knowledge box (KB), and a global part, which runs
 * once.
 *
 * <p><b>Which interface to implement.</b> Most migrations have only one part: implement {@link KbMigration} or {@link
 * GlobalMigration}. The engine then knows that the other part is empty and does not wait for it.
 *
 * <p><b>Version and name</b> come from the class name, {@code [letter]<zero-padded sequence>_<Name>}: the class
 * {@code M0012_BackfillFileMd5} has the version 12 and the name {@code backfill_file_md5}. Both methods can be overridden.
 *
 * <p><b>Order.</b> The KB parts of a version run first. Its global part follows once every KB has reached the version.
 *
 * <p><b>Repetition.</b> Once a part has returned normally and its result is stored, it never runs again. Until then it may run
 * again: because it failed, because it was cancelled, or because its replica died. Write each part so that running it twice is
 * harmless.
 *
 * <p><b>Thread safety.</b> One instance serves all KBs, several at a time: keep it free of mutable state.
 */
public interface Migration {

    /**
     * Migrates global data, after every KB has reached this version.
     *
     * @param context this execution, and the host's services
     * @throws Exception if the part fails for any reason; the failure is recorded, and the part is tried again later
     */
    void migrate(MigrationContext context) throws Exception;

    /**
     * Migrates one KB.
     *
     * @param context this execution, and the host's services
     * @param kbId the KB's id
     * @throws Exception if the part fails for any reason; the failure is recorded, the KB is tried again later, and other KBs are
     *     not affected
     */
    void migrateKb(MigrationContext context, String kbId) throws Exception;

    /**
     * Returns the version, which orders the migrations. Never change it after a release.
     *
     * @return the version, at least 1; by default, the number in the class name
     * @throws InvalidMigrationsException if the class name does not contain a version
     */
    default long version() {
        return MigrationName.of(getClass()).version();
    }

    /**
     * Returns the name, by which the fleet notices that two builds have given the same version to different migrations. Never
     * change it after a release.
     *
     * @return the name, 1 to 200 characters, not blank; by default, what follows the number in the class name, in snake case
     * @throws InvalidMigrationsException if the class name does not contain a name
     */
    default String name() {
        return MigrationName.of(getClass()).name();
    }

    /**
     * Returns how long one execution of a part may take before it is cancelled and counts as failed. The limit is checked 24 times
     * per {@linkplain MigratorBuilder#leaseTtl lease ttl}: with the default ttl of 30 s, a part may run up to 1.25 s longer.
     *
     * @return at least 1 ms, or empty (the default) to use the {@linkplain MigratorBuilder#attemptTimeout limit of the migrator}
     */
    default Optional<Duration> timeout() {
        return Optional.empty();
    }

    /**
     * Returns whether the migration may start only once every running replica knows it. Use this to drop a format that older
     * replicas still read.
     *
     * <p>A silent replica is waited for as well, for the time set with {@link MigratorBuilder#rolloutGrace}. The value that counts
     * is that of the first build that announced the migration to the fleet.
     *
     * @return whether a full rollout is required; false by default
     */
    default boolean requiresFullRollout() {
        return false;
    }
}
