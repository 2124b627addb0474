package dev.kbmigrator.jdbc;

import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One execution of a transactional migration.
 *
 * <ol>
 *   <li>Begin a transaction, and let the migration write. Go no further if it was told to stop, or if one of its checkpoints could not
 *       be committed: it may have caught the exception, but its work is not complete.
 *   <li>Limit how long the transaction may stay idle, because the next two steps lock rows of the library.
 *   <li>Change the KB's version by compare-and-set, or store the document that says that the global part is done.
 *   <li>Check the fence: the epoch must be current, and stays current until the commit.
 *   <li>Commit, and tell the engine. If the result of the commit is lost, the engine reads what is stored.
 * </ol>
 *
 * <p>A checkpoint takes the same steps, with the checkpoint in place of the version, and then begins a new transaction.
 */
final class TransactionalExecution {

    private static final int ATTEMPTS = 5;

    private final Database database;
    private final StateSql sql;
    private final MigrationContext context;
    private final AttemptCommit outcome;
    private final Connection connection;
    private final PartConnection guard;

    /** Why a checkpoint could not be committed; what was written before it may be lost. */
    private @Nullable StateStoreException failure;

    /** What the migration does with the connection. */
    interface Part {
        void run(MigrationContext context, Connection connection) throws Exception;
    }

    private TransactionalExecution(
            JdbcStateStore store, MigrationContext context, AttemptCommit outcome, Connection connection) {
        this.database = store.database();
        this.sql = store.sql();
        this.context = context;
        this.outcome = outcome;
        this.connection = connection;
        this.guard = new PartConnection(connection, database.dialect(), context.toString());
    }

    static void run(MigrationContext context, Part part) throws Exception {
        if (!(context instanceof AttemptCommit outcome)) {
            throw new MigratorException("a transactional migration runs only under the library's own engine, and the"
                    + " context " + context + " is not the engine's");
        }
        JdbcStateStore store = context.service(JdbcStateStore.class);
        Database database = store.database();
        for (int attempt = 1; ; attempt++) {
            try {
                database.borrowForPart(connection -> {
                    new TransactionalExecution(store, context, outcome, connection).run(part);
                    return true;
                });
                return;
            } catch (SQLException | StateStoreException e) {
                // After a conflict everything is rolled back, so that nothing is lost by running the part again
                if (attempt == ATTEMPTS || !isRetryable(database.dialect(), e)) {
                    throw e;
                }
            }
            context.checkCancelled();
            RetryPause.after(attempt);
        }
    }

    private static boolean isRetryable(Dialect dialect, Exception e) {
        return (e instanceof SQLException error && dialect.isRetryable(error))
                || (e.getCause() instanceof SQLException cause && dialect.isRetryable(cause));
    }

    private void run(Part part) throws Exception {
        Dialect dialect = database.dialect();
        Optional<Document> done = outcome.doneRecord();
        try {
            dialect.beginForHost(connection);
            JdbcMigrationContext own = new JdbcMigrationContext(context, this::saveCheckpoint);
            part.run(own, guard.guarded());
            outcome.checkMayCommit();
            checkNotFailed();
            Optional<Document> document = own.hasSaved() ? outcome.doneRecord() : done;
            guard.suspend();
            commit(
                    document,
                    kbId -> new KbWrite.Advanced(
                            kbId, outcome.incarnation(), outcome.fromVersion(), context.version()));
        } catch (Throwable e) {
            Database.rollback(connection, dialect, e);
            throw e;
        } finally {
            guard.restore();
        }
        outcome.committed();
    }

    private void checkNotFailed() {
        if (failure != null) {
            throw failure;
        }
    }

    private void saveCheckpoint(Object checkpoint) {
        context.checkCancelled();
        checkNotFailed();
        String json = outcome.checkpointJson(checkpoint);
        try {
            Map<String, String> own = guard.suspend();
            commit(
                    outcome.checkpointRecord(json),
                    kbId -> new KbWrite.Checkpointed(
                            kbId, outcome.incarnation(), outcome.fromVersion(), context.version(), json));
            outcome.checkpointSaved(json);
            database.dialect().beginForHost(connection);
            guard.resume(own);
        } catch (SQLException e) {
            failure = Database.failure("commit a checkpoint of " + context, e);
        } catch (StateStoreException e) {
            failure = e;
        }
        checkNotFailed();
        context.checkCancelled();
    }

    /**
     * Writes the outcome under the fence, and commits.
     *
     * @param document the outcome of a global part
     * @param kbWrite the outcome of a KB part, by the KB's id
     */
    private void commit(Optional<Document> document, Function<String, KbWrite> kbWrite) throws SQLException {
        Dialect dialect = database.dialect();
        dialect.limit(connection, database.settings().transactionTimeout());
        try {
            boolean written = document.isPresent()
                    ? write(document.get())
                    : sql.kbWrites()
                            .write(connection, kbWrite.apply(context.kbId().orElseThrow()));
            if (!written) {
                throw new StateStoreException(context
                        + " was overtaken: what it started from has changed in the meantime, so its transaction was"
                        + " rolled back");
            }
            if (!sql.fence().staleScopes(connection, List.of(outcome.epoch())).isEmpty()) {
                throw new StateStoreException(context
                        + " was superseded: another replica has taken over, so its transaction was rolled back");
            }
            dialect.commit(connection);
        } finally {
            dialect.restore(connection, Dialect.UNCHANGED);
        }
    }

    private boolean write(Document next) throws SQLException {
        return sql.documents().compareAndSet(connection, next.name(), next.revision(), next.json());
    }
}
