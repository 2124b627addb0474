package dev.kbmigrator;

import java.util.Optional;

/**
 * What a migration's part gets with each attempt. It belongs to that attempt alone, and may be used by any thread that the
 * attempt itself started, until the attempt returns. Its {@code toString} names the migration, the KB and the attempt, for
 * logs.
 */
public interface MigrationContext {

    /**
     * The version that this attempt brings about.
     *
     * @return at least 1
     */
    long version();

    /**
     * The migration's name.
     *
     * @return the name without the number
     */
    String name();

    /**
     * The KB.
     *
     * @return its id; empty in a global part
     */
    Optional<String> kbId();

    /**
     * Which attempt this is at this version of this KB, or at this global part, as far as failures were recorded.
     *
     * @return 1 for the first
     */
    int attempt();

    /**
     * A number that rises whenever another holder takes over: pass it to systems that can refuse what carries an older one.
     *
     * @return the epoch of the partition, or of the coordinator for a global part
     */
    long fencingToken();

    /**
     * A service that the host registered with {@link MigratorBuilder#service}, or the state store itself by its class.
     *
     * @param <T> its type
     * @param type the type under which it was registered
     * @return the service
     * @throws IllegalArgumentException when none was registered under this type; the message names those that were
     */
    <T> T service(Class<T> type);

    /**
     * Where an earlier attempt at this same version of this same KB got to.
     *
     * @param <T> the checkpoint's type
     * @param type how to read its JSON
     * @return what was saved last, or empty when nothing was
     * @throws CheckpointException when what is stored does not fit the type
     */
    <T> Optional<T> lastCheckpoint(Class<T> type);

    /**
     * Saves, durably, how far this attempt has got; it replaces what was saved before. One round trip. Also a point at which
     * the attempt can be cancelled.
     *
     * @param checkpoint any value that Jackson can write as JSON, at most 64 KiB of it
     * @throws CheckpointException when the value cannot be written as JSON, or is too large
     * @throws MigrationCancelledException when the attempt was cancelled or superseded: let it through
     */
    void saveCheckpoint(Object checkpoint);

    /**
     * Says how far this attempt has got, for people: {@link Migrator#status()} shows it. It stays in memory.
     *
     * @param message a short text
     */
    void progress(String message);

    /**
     * Whether this attempt was cancelled: the replica is closing, the time is up, or the lease was lost.
     *
     * @return whether to stop as soon as possible
     */
    boolean isCancelled();

    /**
     * Stops here if this attempt was cancelled.
     *
     * @throws MigrationCancelledException when it was: let it through
     */
    void checkCancelled();
}
