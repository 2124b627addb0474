package dev.kbmigrator.jdbc;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationContext;
import java.sql.Connection;

/**
 * A global migration whose writes go to the database that holds the library's state: they and the record that it is done
 * commit in one transaction, under the coordinator's epoch. Exactly once, whatever dies. In all else like
 * {@link TransactionalKbMigration}.
 */
public interface TransactionalGlobalMigration extends GlobalMigration {

    /**
     * Migrates global data in a transaction that the library has begun and will commit.
     *
     * @param context what the engine knows of this attempt, and the host's services
     * @param connection the transaction's connection; committing, rolling back and closing it are refused, savepoints are fine
     * @throws Exception any failure: the transaction is rolled back, the failure recorded, and the part tried again later
     */
    void migrate(MigrationContext context, Connection connection) throws Exception;

    /** Runs the other method in a transaction. Not to be overridden. */
    @Override
    default void migrate(MigrationContext context) throws Exception {
        TransactionalAttempt.run(context, this::migrate);
    }
}
