package dev.kbmigrator;

import dev.kbmigrator.internal.engine.Engine;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Brings every KB of a fleet to the newest version, together with the other replicas of the service.
 *
 * <p>A service builds one migrator at startup. It calls {@link #start()}, which migrates in the background, or {@link #run()},
 * which waits for the result. It registers the KBs that it creates with {@link #registerKb(String)}, and closes the migrator when
 * it stops.
 *
 * <p>Safe for use by many threads. All exceptions of the library are {@link MigratorException}s; one that a state store or a lock of
 * the host's own throws may be another unchecked exception.
 */
public final class Migrator implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);

    private final Engine engine;
    private final boolean failOnConflict;

    Migrator(Engine engine, boolean failOnConflict) {
        this.engine = engine;
        this.failOnConflict = failOnConflict;
    }

    /**
     * Returns a new builder, with which to build a migrator.
     *
     * @return a builder with all defaults
     */
    public static MigratorBuilder builder() {
        return new MigratorBuilder();
    }

    /**
     * Starts to migrate in the background, until {@link #close}.
     *
     * <p>Returns at once, and never fails startup because of a transient error: an unavailable service is tried again, and a failed
     * migration is retried without limit. If the migrations conflict with the fleet's plan, the conflict is logged and shown by
     * {@link #status()}, and the replica is not {@linkplain #readiness() ready}. With {@link MigratorBuilder#failOnConflict()}, this
     * method first reads the fleet's plan, and fails if there is a conflict.
     *
     * @throws InvalidMigrationsException if there is a conflict and the host wants the startup to fail then; nothing was started
     * @throws IllegalStateException if the migrator is already started, or a run is in progress
     * @throws MigratorClosedException if the migrator is closed
     */
    public void start() {
        if (failOnConflict) {
            engine.checkPlan();
        }
        engine.start();
    }

    /**
     * Brings the fleet to the newest version that this build knows, and waits for the result.
     *
     * <p>Each KB that is below the target is tried once, even if its next retry is not due yet. Other replicas may do part of the
     * work. If the fleet is up to date, a run costs one round trip to the state store. The calling thread makes it, so do not call
     * this method within a transaction of the host.
     *
     * <p>A run does not wait for old replicas to disappear. If a migration {@linkplain Migration#requiresFullRollout requires a full
     * rollout} that is not complete, the run ends before that migration, and the report says so.
     *
     * @return what was done
     * @throws InvalidMigrationsException if the migrations do not fit the fleet's plan; nothing was run
     * @throws MigrationFailedException if something failed; the exception holds the report, and everything that did not depend on the
     *     failure is done
     * @throws MigrationsPausedException if an operator has paused the fleet
     * @throws MigratorClosedException if the migrator is closed, or is closed before the run has ended
     * @throws MigratorException if the run could not begin or continue, with the reason as the cause: for example, a {@link
     *     dev.kbmigrator.spi.StateStoreException} if the state store is out of reach or refuses a call, or an {@link
     *     InterruptedException} if the calling thread was interrupted
     * @throws IllegalStateException if the migrator is already started, or another run is in progress
     */
    public RunReport run() {
        return engine.run(null);
    }

    /**
     * Brings the fleet to the given version at most, and waits for the result. Apart from the limit, this is the same as
     * {@link #run()}.
     *
     * <p>The limit applies to the whole fleet and is stored: other replicas respect it as well, even if they know newer versions,
     * until it is replaced or {@linkplain #removeCap() removed}. Work that is in progress is finished.
     *
     * @param targetVersion the version to stop at, at least 0
     * @return what was done
     * @throws IllegalArgumentException if the version is negative
     * @throws InvalidMigrationsException as for {@link #run()}
     * @throws MigrationFailedException as for {@link #run()}
     * @throws MigrationsPausedException as for {@link #run()}
     * @throws MigratorClosedException as for {@link #run()}
     * @throws MigratorException as for {@link #run()}
     * @throws IllegalStateException as for {@link #run()}
     */
    public RunReport run(long targetVersion) {
        if (targetVersion < 0) {
            throw new IllegalArgumentException("targetVersion must be at least 0, not " + targetVersion);
        }
        return engine.run(targetVersion);
    }

    /**
     * Removes the limit that {@link #run(long)} set. Does nothing if there is no limit.
     *
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void removeCap() {
        engine.setCap(Long.MAX_VALUE);
    }

    /**
     * Migrates one KB ahead of the others, as far as the fleet's current stage allows, and waits for the result. A KB that failed or
     * was set aside is tried again. A KB that is not enrolled is enrolled first, at the baseline version.
     *
     * <p>If another replica holds the lease on the KB's partition, that replica is asked to migrate the KB next.
     *
     * @param kbId the KB's id
     * @return the KB's version afterwards
     * @throws InvalidKbIdException if the id is not valid
     * @throws MigrationsPausedException if an operator has paused the fleet
     * @throws MigratorClosedException if the migrator is closed, or is closed during the call; in the latter case the
     *     request remains in effect
     * @throws InvalidMigrationsException if this build's migrations conflict with the fleet's plan
     * @throws MigratorException if the migration failed, the KB needs versions that no live build has any more, the KB does not exist,
     *     or the thread was interrupted
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public long migrateKb(String kbId) {
        return engine.migrateKb(kbId, 0, "");
    }

    /**
     * Moves one KB past a version that it cannot reach, without running that migration, and then migrates the KB further. Use this
     * after repairing the KB by hand, or if the migration does not apply to it.
     *
     * @param kbId the KB's id
     * @param version the version to skip, at least 1; the KB then counts as having reached it
     * @param reason why, for the log; only the first 2,000 characters are kept
     * @return the KB's version afterwards
     * @throws InvalidKbIdException if the id is not valid
     * @throws NullPointerException if the reason is null
     * @throws IllegalArgumentException if the version is less than 1, or the fleet's current stage does not reach it yet, or the reason
     *     contains a NUL or a lone surrogate
     * @throws InvalidMigrationsException if this build's migrations conflict with the fleet's plan
     * @throws MigrationsPausedException if an operator has paused the fleet
     * @throws MigratorClosedException if the migrator is closed, or is closed during the call; in the latter case the
     *     request remains in effect
     * @throws MigratorException if a later migration failed, the KB does not exist, or the thread was interrupted
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public long skipKb(String kbId, long version, String reason) {
        if (version < 1) {
            throw new IllegalArgumentException("the version to skip must be at least 1, not " + version);
        }
        return engine.migrateKb(kbId, version, Objects.requireNonNull(reason, "reason"));
    }

    /**
     * Enrols a KB that this build has just created, at the newest version that this build knows, so that no migration up to that
     * version runs on it. Call this before the KB is visible to readers. If the KB is already enrolled, nothing changes.
     *
     * @param kbId the KB's id
     * @throws InvalidKbIdException if the id is not valid
     * @throws InvalidMigrationsException if this build's migrations conflict with the fleet's plan, or this build belongs to another
     *     {@linkplain MigratorBuilder#fleet fleet}
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void registerKb(String kbId) {
        engine.registerKb(kbId);
    }

    /**
     * Enrols a KB as {@link #registerKb(String)} does, but within a transaction of the host, so that the KB and its enrolment are
     * committed together. This method uses that connection and no other, and never runs DDL, commits, or rolls back. Keep the
     * transaction short: until this build's newest version has started, it may hold a row that the whole fleet writes.
     *
     * @param connection the host's connection to the database that holds the state, with auto-commit off
     * @param kbId the KB's id
     * @throws NullPointerException if the connection is null
     * @throws IllegalArgumentException if the connection is in auto-commit mode, so that there is no transaction to join
     * @throws InvalidKbIdException if the id is not valid
     * @throws InvalidMigrationsException if this build's migrations conflict with the fleet's plan
     * @throws UnsupportedOperationException if the state store cannot take part in a transaction of the host
     * @throws dev.kbmigrator.spi.StateStoreException if the library's tables do not exist yet, or the database fails
     */
    public void registerKb(Connection connection, String kbId) {
        engine.registerKb(Objects.requireNonNull(connection, "connection"), kbId);
    }

    /**
     * Removes a KB that the host has deleted from the fleet's records. Does nothing if the KB is not enrolled.
     *
     * @param kbId the KB's id
     * @throws InvalidKbIdException if the id is not valid
     * @throws InvalidMigrationsException if this build belongs to another {@linkplain MigratorBuilder#fleet fleet}
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void forgetKb(String kbId) {
        engine.forgetKb(kbId);
    }

    /**
     * Returns what a run would do now, without changing the fleet's state. Counts KBs, which may read every KB record in the state
     * store: call it for people, not in a loop. KBs that are not enrolled are not counted; {@link DryRun#listedAt} says when the
     * host's list was last read.
     *
     * @return what a run would do
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public DryRun dryRun() {
        return engine.dryRun(false);
    }

    /**
     * Returns what a run would do now, as {@link #dryRun()} does, after reading the host's list of KBs to its end in the calling
     * thread. The KBs that are listed but not enrolled are counted in {@link DryRun#unenrolledKbs} and among those that a run would
     * migrate. Nothing is enrolled. The list is streamed; the time is that of the list, plus one call to the state store for every
     * 1,000 KBs.
     *
     * @return what a run would do; if the list could not be read, its {@code problems} say why
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public DryRun dryRunReadingList() {
        return engine.dryRun(true);
    }

    /**
     * Returns the state of the fleet. Counts KBs, which may read the whole state store: call it for people, not in a loop.
     *
     * @return the status
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public MigratorStatus status() {
        return engine.status();
    }

    /**
     * Pauses the whole fleet until {@link #resume()}. Executions in progress are finished, but no new ones are started.
     *
     * @param reason why, for people to read; only the first 2,000 characters are kept
     * @throws NullPointerException if the reason is null
     * @throws IllegalArgumentException if the reason contains a NUL or a lone surrogate
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void pause(String reason) {
        engine.setPaused(true, Objects.requireNonNull(reason, "reason"));
    }

    /**
     * Resumes a fleet that was {@linkplain #pause paused}. Does nothing if the fleet is not paused.
     *
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void resume() {
        engine.setPaused(false, "");
    }

    /**
     * Withdraws the versions of which no part has started from the fleet's plan. Use this to take back a release.
     *
     * @param reason why, for the log; only the first 2,000 characters are kept
     * @return the migrations that were withdrawn, in order; empty if there were none, and then nothing has changed
     * @throws NullPointerException if the reason is null
     * @throws IllegalArgumentException if the reason contains a NUL or a lone surrogate
     * @throws InvalidMigrationsException if this build belongs to another {@linkplain MigratorBuilder#fleet fleet}
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public List<MigrationInfo> abandonTarget(String reason) {
        return engine.abandonTarget(Objects.requireNonNull(reason, "reason"));
    }

    /**
     * Raises the fleet's baseline after old migrations were removed from the application: KBs that nobody has registered, and that
     * the host lists later, are enrolled at the new baseline and do not need the migrations up to it. A KB that is below the baseline
     * all the same, for example because a replica with an old view has enrolled it, is never raised: {@link #status()} names it, and
     * {@link #skipKb} moves it.
     *
     * @param version the new baseline, at least the present one and at most the fleet's current version
     * @param why why, for the log; only the first 2,000 characters are kept
     * @throws IllegalArgumentException if the version is outside of that range, or the reason contains a NUL or a lone surrogate
     * @throws NullPointerException if the reason is null
     * @throws InvalidMigrationsException if this build belongs to another {@linkplain MigratorBuilder#fleet fleet}
     * @throws MigratorException if an enrolled KB, set aside or not, has not reached the version, or a live replica still enrols KBs
     *     at the old baseline; the message names some of them, and nothing has changed
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void raiseBaseline(long version, String why) {
        engine.raiseBaseline(version, why);
    }

    /**
     * Gives the stored fleet a name. Use this once when a service whose fleet had no name begins to use {@link MigratorBuilder#fleet}:
     * first stop the replicas that use no name, or another one. From then on, only builds with this name are let in.
     *
     * @param name the name: not blank, at most 200 characters, all of which print
     * @param why why, for the log; only the first 2,000 characters are kept
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if the name is not valid, or the reason contains a NUL or a lone surrogate
     * @throws MigratorException if a live replica announces another name, or none; the message names some of them, and nothing has
     *     changed
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void nameFleet(String name, String why) {
        MigratorBuilder.fleetProblem(name).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        engine.nameFleet(name, why);
    }

    /**
     * Removes a replica from the list of replicas, so that migrations that {@linkplain Migration#requiresFullRollout require a full
     * rollout} no longer wait for it. Use this if you know that the replica is gone for good. If the replica is alive after all, it
     * returns to the list with its next look. Does nothing if the replica is not on the list.
     *
     * @param replicaId the replica's id, as {@link #status()} shows it
     * @throws NullPointerException if the id is null
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is out of reach or refuses the call
     */
    public void forgetReplica(String replicaId) {
        engine.forgetReplica(Objects.requireNonNull(replicaId, "replicaId"));
    }

    /**
     * Returns whether this replica may serve requests, as far as the migrator can tell. Use it in a readiness check: it is quick,
     * because it reads only this replica's memory. The replica is not ready only when the host must not serve:
     *
     * <ul>
     *   <li>before its first look at the shared state has succeeded, and after the migrator was closed;
     *   <li>if its migrations conflict with the fleet's plan, or the state belongs to another {@linkplain MigratorBuilder#fleet
     *       fleet}: {@link #registerKb(String)} then fails;
     *   <li>if no look has succeeded for more than half of {@link MigratorBuilder#rolloutGrace}, by this machine's monotonic clock:
     *       the fleet may soon stop waiting for this replica. A migrator that was used only for {@link #run()}, and not {@linkplain
     *       #start() started} afterwards, makes no more looks;
     *   <li>if the fleet has started a migration that {@linkplain Migration#requiresFullRollout requires a full rollout}, which this
     *       build does not know, or knows under another name.
     * </ul>
     *
     * <p>{@link #status()} shows the readiness of all replicas, as it was just before their last look.
     *
     * @return whether this replica may serve requests, and why not
     */
    public Readiness readiness() {
        return engine.readiness();
    }

    /**
     * Stops the migrator. May be called more than once.
     *
     * <p>Nothing new is started. Executions in progress are cancelled at their next checkpoint, and their threads are interrupted
     * after half of the timeout. An execution that finishes without having noticed is recorded as done. The migrator then releases its
     * leases and signs off from the fleet. Executions that do not stop in time are abandoned; their leases expire by themselves.
     *
     * <p>Close the migrator before the state store's connection pool. If the store is out of reach, the last writes are tried again
     * without a pause, and are then left to the replicas that take over.
     *
     * @param timeout how long to wait at most; a negative one counts as zero
     * @throws NullPointerException if the timeout is null
     */
    public void close(Duration timeout) {
        engine.close(Objects.requireNonNull(timeout, "timeout"));
    }

    /** Stops the migrator within 20 seconds. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }
}
