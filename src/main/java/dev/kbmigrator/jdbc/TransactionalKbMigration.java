package dev.kbmigrator.jdbc;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import java.sql.Connection;

/**
 * A migration of KBs that writes to the database that holds the library's state. Its writes and the KB's version commit in one
 * transaction, under the epoch. So the writes take effect exactly once, even if a replica dies.
 *
 * <p>{@link MigrationContext#saveCheckpoint} commits the writes so far together with the checkpoint, and begins a new
 * transaction. Use it to migrate a KB that is too large for one transaction: the next execution continues from the context's
 * {@code lastCheckpoint}, and no committed write is repeated.
 *
 * <p>The migrator's state store must be a {@link JdbcStateStore}. The library locks its own rows only at the end, for as long
 * as the commit takes. On SQLite, the transaction holds the database's write lock from its start.
 */
public interface TransactionalKbMigration extends KbMigration {

    /**
     * Migrates one KB in a transaction that the library has begun and will commit.
     *
     * @param context what the engine knows of this execution, and the host's services
     * @param kbId the KB
     * @param connection the transaction's connection. It supports savepoints, but cannot be committed, rolled back or closed
     * @throws Exception any failure: the transaction is rolled back, the failure recorded, and the KB tried again later
     */
    void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception;

    /** Runs the other method in a transaction. Do not override it. */
    @Override
    default void migrateKb(MigrationContext context, String kbId) throws Exception {
        TransactionalExecution.run(context, (own, connection) -> migrateKb(own, kbId, connection));
    }
}
