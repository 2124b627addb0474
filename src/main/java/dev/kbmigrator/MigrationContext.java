package dev.kbmigrator;

import java.util.Optional;

/**
 * One execution of a migration's part, as the migration sees it.
 *
 * <p>A context belongs to one execution. Until the part returns, any thread that the part itself started may use it, too. Its
 * {@code toString} names the migration, the KB and the attempt, for log messages.
 */
public interface MigrationContext {

    /**
     * Returns the version of the migration.
     *
     * @return the version, at least 1
     */
    long version();

    /**
     * Returns the name of the migration.
     *
     * @return the name, without the version
     */
    String name();

    /**
     * Returns the id of the KB.
     *
     * @return the id; empty in a global part
     */
    Optional<String> kbId();

    /**
     * Returns the number of this attempt at the KB part of this KB, or at the global part. Only recorded failures count: executions
     * that were cancelled, or whose replica died, do not raise the number.
     *
     * @return 1 for the first attempt
     */
    int attempt();

    /**
     * Returns a number that rises whenever another replica takes over this work. Pass it to external systems that can refuse
     * requests with an older number.
     *
     * @return the epoch of the KB's partition; in a global part, the epoch of the coordinator
     */
    long fencingToken();

    /**
     * Returns a service that the host registered with {@link MigratorBuilder#service}. The state store is registered under its own
     * class and, unless the host registered another one, under {@link dev.kbmigrator.spi.StateStore}.
     *
     * @param <T> the type of the service
     * @param type the type that the service was registered under
     * @return the service
     * @throws IllegalArgumentException if no service was registered under this type; the message names the types that were
     */
    <T> T service(Class<T> type);

    /**
     * Returns the last checkpoint of this KB at this version, or of this global part: the one that this execution saved or, if it
     * has saved none yet, the one that an earlier attempt left.
     *
     * @param <T> the type of the checkpoint
     * @param type the type to read the checkpoint's JSON as
     * @return the last checkpoint, or empty if there is none
     * @throws CheckpointException if the stored checkpoint does not fit the type; the message ends with Jackson's own
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is unavailable
     */
    <T> Optional<T> lastCheckpoint(Class<T> type);

    /**
     * Durably saves how far this execution has got, so that a later attempt can continue from there. The checkpoint replaces the
     * one before. Costs one round trip to the state store. This is also a point at which the execution can be cancelled.
     *
     * <p>The first value of each class is read back before it is saved, so that a value that no later attempt could read is refused
     * here. It need not equal the original.
     *
     * @param checkpoint a value that Jackson can write as JSON, and read again as the value's own class, at most 64 KiB (65,536 UTF-8
     *     bytes) long
     * @throws CheckpointException if the value cannot be written as JSON, could not be read again, or is too large; the message ends
     *     with Jackson's own
     * @throws MigrationCancelledException if the execution was cancelled, or another replica has taken over; do not catch it
     * @throws dev.kbmigrator.spi.StateStoreException if the state store is unavailable
     */
    void saveCheckpoint(Object checkpoint);

    /**
     * Sets the progress message that {@link Migrator#status()} shows for this execution. It is kept only in memory, on this replica.
     *
     * @param message a text for people; it is cut to 200 characters
     */
    void progress(String message);

    /**
     * Returns whether this execution was cancelled: because the replica is closing, the time limit was exceeded, the lease was lost,
     * or the KB was deleted.
     *
     * <p>Once this method has returned true, a normal return of the part does not count as done: the part runs again.
     *
     * @return whether the part should stop as soon as possible
     */
    boolean isCancelled();

    /**
     * Stops the part here if this execution was cancelled. Call it regularly in long loops.
     *
     * @throws MigrationCancelledException if the execution was cancelled; do not catch it
     */
    void checkCancelled();
}
