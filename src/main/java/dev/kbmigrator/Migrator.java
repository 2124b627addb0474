package dev.kbmigrator;

import dev.kbmigrator.internal.engine.Engine;
import java.sql.Connection;
import java.time.Duration;

/**
 * Brings every KB of a fleet to the newest version, together with the other replicas of the service.
 *
 * <p>A service builds one at startup, and calls {@link #start()}, which never blocks or fails the startup, or {@link #run()},
 * which waits. It registers KBs that it creates with {@link #registerKb(String)}, and closes the migrator when it stops.
 *
 * <p>Safe for use by many threads.
 */
public final class Migrator implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);

    private final Engine engine;

    Migrator(Engine engine) {
        this.engine = engine;
    }

    /**
     * Begins to build a migrator.
     *
     * @return a builder with nothing but defaults
     */
    public static MigratorBuilder builder() {
        return new MigratorBuilder();
    }

    /**
     * Goes to work in the background, until {@link #close}. Returns at once, and fails for nothing that may pass: what is out
     * of reach is tried again, what fails is retried for ever, what conflicts is logged and shown by {@link #status()}.
     *
     * @throws IllegalStateException when it is at work already
     * @throws MigratorClosedException when it is closed
     */
    public void start() {
        engine.start();
    }

    /**
     * Brings the fleet to the newest version that this build knows, and waits for it. Each KB that is to be migrated is tried
     * once, whatever its next attempt; other replicas may do their share. Up to date, it costs one round trip, which the calling
     * thread makes itself: call it outside of any transaction of the host. It does not wait
     * for replicas to go that a migration which {@link Migration#requiresFullRollout needs a full rollout} waits for: then it
     * ends there, and the report says so.
     *
     * @return what was done
     * @throws InvalidMigrationsException when the migrations do not fit the fleet's plan; nothing was run
     * @throws MigrationFailedException when something failed, with the report: everything that did not fail by itself is done
     * @throws MigratorException when the state store is out of reach, or the thread was interrupted
     * @throws MigrationsPausedException when an operator has paused the fleet
     * @throws MigratorClosedException when the migrator is closed, or is closed before the run has ended
     * @throws IllegalStateException when the migrator is at work already
     */
    public RunReport run() {
        return engine.run(null);
    }

    /**
     * The same, but only up to a version. The limit is kept for the whole fleet: replicas that know more respect it, until it
     * is set anew or {@link #removeCap() removed}. What has begun already is finished.
     *
     * @param targetVersion at least 0
     * @return what was done
     * @throws IllegalArgumentException when the version is negative
     * @see #run()
     */
    public RunReport run(long targetVersion) {
        if (targetVersion < 0) {
            throw new IllegalArgumentException("a version is at least 0, not " + targetVersion);
        }
        return engine.run(targetVersion);
    }

    /** Removes the limit that {@link #run(long)} set. */
    public void removeCap() {
        engine.setCap(Long.MAX_VALUE);
    }

    /**
     * Has one KB migrated now, as far as the fleet's stage allows, and waits for it. Enrols it when it is not enrolled. When
     * another replica has its partition, that replica is asked, and does it next. A KB that failed or was set aside is tried
     * again.
     *
     * @param kbId the KB
     * @return its version then
     * @throws InvalidKbIdException when the id cannot be kept
     * @throws MigratorException when it failed, with what it said
     */
    public long migrateKb(String kbId) {
        return engine.migrateKb(kbId, 0, "");
    }

    /**
     * Moves one KB past a version that it cannot reach, without running it, and then migrates it on. For a person who has
     * mended the KB by hand, or knows that the migration is not for it.
     *
     * @param kbId the KB
     * @param version the version to skip to: the KB counts as having reached it
     * @param reason why, for the log
     * @return its version then
     * @throws InvalidKbIdException when the id cannot be kept
     * @throws IllegalArgumentException when the fleet's stage does not reach that version yet
     */
    public long skipKb(String kbId, long version, String reason) {
        if (version < 1) {
            throw new IllegalArgumentException("the version to skip is at least 1, not " + version);
        }
        return engine.migrateKb(kbId, version, reason);
    }

    /**
     * Enrols a KB that this build creates, at the newest version that it knows, so that no migration will touch it. Call it
     * before the KB is visible to readers. A KB that is enrolled already is left as it is.
     *
     * @param kbId the KB
     * @throws InvalidKbIdException when the id cannot be kept
     * @throws InvalidMigrationsException when this build's migrations conflict with the fleet's plan
     */
    public void registerKb(String kbId) {
        engine.registerKb(kbId);
    }

    /**
     * The same, in the transaction that is open on a connection of the host's. It never runs DDL, commits or rolls back. Keep
     * that transaction short.
     *
     * @param connection the host's connection to the database that holds the state, with auto-commit off
     * @param kbId the KB
     * @throws InvalidKbIdException when the id cannot be kept
     * @throws InvalidMigrationsException when this build's migrations conflict with the fleet's plan
     * @throws UnsupportedOperationException when the state store is not in such a database
     */
    public void registerKb(Connection connection, String kbId) {
        engine.registerKb(connection, kbId);
    }

    /**
     * Forgets a KB that the host has deleted.
     *
     * @param kbId the KB; one that is not enrolled is no error
     * @throws InvalidKbIdException when the id cannot be kept
     */
    public void forgetKb(String kbId) {
        engine.forgetKb(kbId);
    }

    /**
     * What a run would do: the dry run. It changes nothing of the fleet's state.
     *
     * @return the plan
     */
    public DryRun dryRun() {
        return engine.dryRun();
    }

    /**
     * How things stand. It counts KBs: call it for people, not in a loop.
     *
     * @return the status
     */
    public MigratorStatus status() {
        return engine.status();
    }

    /**
     * Pauses the whole fleet: what runs is finished, nothing more is started, until {@link #resume()}.
     *
     * @param reason why, for people
     */
    public void pause(String reason) {
        engine.setPaused(true, reason);
    }

    /** Ends a pause. */
    public void resume() {
        engine.setPaused(false, "");
    }

    /**
     * Withdraws from the fleet's plan the versions of which no part has started: for taking back a release.
     *
     * @param reason why, for the log
     */
    public void abandonTarget(String reason) {
        engine.abandonTarget(reason);
    }

    /**
     * Strikes a replica off the list, when a person knows that it is gone for good: a migration that
     * {@link Migration#requiresFullRollout needs a full rollout} no longer waits for it. One that is alive after all comes
     * back with its next look.
     *
     * @param replicaId its id, as {@link #status()} shows it; one that is not on the list is no error
     */
    public void forgetReplica(String replicaId) {
        engine.forgetReplica(replicaId);
    }

    /**
     * Whether this replica may serve requests, as far as migrations that {@link Migration#requiresFullRollout need a full
     * rollout} are concerned; for a readiness check. It makes no call. False
     *
     * <ul>
     *   <li>before the first look has succeeded, and when the migrator is closed;
     *   <li>when no look has succeeded for more than half of {@link MigratorBuilder#rolloutGrace}, by this machine's monotonic
     *       clock: the fleet may soon stop waiting for this replica. A migrator that only {@link #run() ran}, and was not
     *       {@link #start() started} after that, makes no more looks;
     *   <li>when the fleet has let such a migration start that this build does not know, or has under another name.
     * </ul>
     *
     * <p>The other replicas see the answer, as of the look before, in {@link #status()}.
     *
     * @return whether it is safe
     */
    public Readiness readiness() {
        return engine.readiness();
    }

    /**
     * Stops: takes nothing more, cancels what runs at its next checkpoint, interrupts it after half of the time, gives the
     * leases back and says goodbye. What does not stop in time is left behind, and its leases expire by themselves. May be
     * called more than once.
     *
     * @param timeout the most that this takes; zero or more
     */
    public void close(Duration timeout) {
        engine.close(timeout);
    }

    /** Closes within 20 seconds. */
    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }
}
