package dev.kbmigrator;

import java.time.Duration;
import java.util.Optional;

/**
 * One versioned change of data, with a part for global data and a part for one knowledge box (KB).
 *
 * <p>The version and the name come from the class name, {@code [letter]<zero-padded sequence>_<Name>}: the class
 * {@code M0012_BackfillFileMd5} is version 12, {@code backfill_file_md5}. Both can be overridden. Most migrations have one
 * part only: implement {@link KbMigration} or {@link GlobalMigration}, so that the engine knows that the other part is empty
 * and need not wait for it.
 *
 * <p>For a version, the KB parts of all KBs come first, then the global part. A part may run more than once, when a replica
 * dies in its middle or when it fails: write it so that a repetition does no harm. What returns normally is done for ever.
 *
 * <p>One instance serves all KBs, several at a time: keep it free of mutable state.
 */
public interface Migration {

    /**
     * Migrates global data, after every KB has reached this version.
     *
     * @param context what the engine knows of this attempt, and the host's services
     * @throws Exception any failure: it is recorded, and the part is tried again later
     */
    void migrate(MigrationContext context) throws Exception;

    /**
     * Migrates one KB.
     *
     * @param context what the engine knows of this attempt, and the host's services
     * @param kbId the KB
     * @throws Exception any failure: it is recorded, the KB is tried again later, and the other KBs go on
     */
    void migrateKb(MigrationContext context, String kbId) throws Exception;

    /**
     * The sequence number, which orders the migrations. Never change it once it is released.
     *
     * @return at least 1; by default the number in the class name
     * @throws InvalidMigrationsException when the class name holds none
     */
    default long version() {
        return MigrationName.of(getClass()).version();
    }

    /**
     * The name, which tells two migrations of one version apart. Never change it once it is released.
     *
     * @return by default what follows the number in the class name, in snake case
     * @throws InvalidMigrationsException when the class name holds none
     */
    default String name() {
        return MigrationName.of(getClass()).name();
    }

    /**
     * How long the part for one KB, or the global part, may run before it is cancelled and counts as failed. That is
     * looked at 24 times a lease's ttl, so with the default of 30 seconds it may run up to 1.25 seconds longer.
     *
     * @return a positive duration, or empty (the default) for what the {@link MigratorBuilder#attemptTimeout builder} says
     */
    default Optional<Duration> timeout() {
        return Optional.empty();
    }

    /**
     * Whether this starts only when every running replica knows it: for dropping a format that older replicas still read. A
     * replica that is silent is waited for as well, for as long as {@link MigratorBuilder#rolloutGrace} says. What counts is
     * what the first build to announce the migration says.
     *
     * @return false by default
     */
    default boolean requiresFullRollout() {
        return false;
    }
}
