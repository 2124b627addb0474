package dev.kbmigrator.jdbc;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.MigrationContext;
import java.sql.Connection;

/**
 * A global migration that writes to the database that holds the library's state. Its writes and the record that it is done
 * commit in one transaction, under the coordinator's epoch. So the writes take effect exactly once, even if a replica dies.
 * Everything else is as in {@link TransactionalKbMigration}.
 */
public interface TransactionalGlobalMigration extends GlobalMigration {

    /**
     * Migrates global data in a transaction that the library has begun and will commit.
     *
     * @param context what the engine knows of this execution, and the host's services
     * @param connection the transaction's connection. It supports savepoints, but cannot be committed, rolled back or closed
     * @throws Exception any failure: the transaction is rolled back, the failure recorded, and the part tried again later
     */
    void migrate(MigrationContext context, Connection connection) throws Exception;

    /** Runs the other method in a transaction. Do not override it. */
    @Override
    default void migrate(MigrationContext context) throws Exception {
        TransactionalExecution.run(context, this::migrate);
    }
}
