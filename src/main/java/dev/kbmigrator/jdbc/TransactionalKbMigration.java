package dev.kbmigrator.jdbc;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import java.sql.Connection;

/**
 * A migration of KBs whose writes go to the database that holds the library's state: its writes and the KB's version commit in
 * one transaction, under the epoch. Exactly once, whatever dies.
 *
 * <p>{@link MigrationContext#saveCheckpoint} commits what was written so far together with the checkpoint, in one
 * transaction, and begins another: a KB that is too large for one transaction is migrated in several, and none is repeated.
 * The context's {@code lastCheckpoint} tells where to go on.
 *
 * <p>The migrator's state store must be a {@link JdbcStateStore}. The library's own rows are locked at the end only, for as
 * long as the commit takes. On SQLite the transaction holds the database's write lock from its start.
 */
public interface TransactionalKbMigration extends KbMigration {

    /**
     * Migrates one KB in a transaction that the library has begun and will commit.
     *
     * @param context what the engine knows of this attempt, and the host's services
     * @param kbId the KB
     * @param connection the transaction's connection; committing, rolling back and closing it are refused, savepoints are fine
     * @throws Exception any failure: the transaction is rolled back, the failure recorded, and the KB tried again later
     */
    void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception;

    /** Runs the other method in a transaction. Not to be overridden. */
    @Override
    default void migrateKb(MigrationContext context, String kbId) throws Exception {
        TransactionalAttempt.run(context, (own, connection) -> migrateKb(own, kbId, connection));
    }
}
