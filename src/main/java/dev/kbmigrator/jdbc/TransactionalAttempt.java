package dev.kbmigrator.jdbc;

import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigratorException;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStoreException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One attempt at a transactional migration.
 *
 * <ol>
 *   <li>Begin a transaction, and let the migration write.
 *   <li>From here on the transaction may not stand still for long, because the next two steps lock rows of the library.
 *   <li>Move the KB's version, by compare-and-set (or store the record that the global part is done).
 *   <li>Take the fence: the epoch must be current, and stays so until the commit.
 *   <li>Commit, and tell the engine. Where the commit's answer is lost, the engine reads what is stored.
 * </ol>
 *
 * <p>A checkpoint goes through the same steps, with the checkpoint in place of the version, and then begins anew.
 */
final class TransactionalAttempt {

    private static final int TRIES = 5;
    private static final Set<String> REFUSED = Set.of("commit", "close", "abort", "setAutoCommit");

    private final Database database;
    private final StateSql sql;
    private final MigrationContext context;
    private final AttemptCommit attempt;
    private final Connection connection;

    /** What the migration does with the connection. */
    interface Part {
        void run(MigrationContext context, Connection connection) throws Exception;
    }

    private TransactionalAttempt(
            Database database, StateSql sql, MigrationContext context, AttemptCommit attempt, Connection connection) {
        this.database = database;
        this.sql = sql;
        this.context = context;
        this.attempt = attempt;
        this.connection = connection;
    }

    static void run(MigrationContext context, Part part) throws Exception {
        if (!(context instanceof AttemptCommit attempt)) {
            throw new MigratorException("a transactional migration runs under the library's own engine only, and "
                    + context + " is not of it");
        }
        JdbcStateStore store = context.service(JdbcStateStore.class);
        for (int tries = 1; ; tries++) {
            try {
                once(store, context, attempt, part);
                return;
            } catch (SQLException | StateStoreException e) {
                // Undone as a whole, because others were in the way: nothing is lost by doing it once more
                if (tries == TRIES || !isRetryable(store.database().dialect(), e)) {
                    throw e;
                }
            }
            context.checkCancelled();
            Database.pause(tries);
        }
    }

    private static boolean isRetryable(Dialect dialect, Exception e) {
        return (e instanceof SQLException error && dialect.isRetryable(error))
                || (e.getCause() instanceof SQLException cause && dialect.isRetryable(cause));
    }

    private static void once(JdbcStateStore store, MigrationContext context, AttemptCommit attempt, Part part)
            throws Exception {
        try (Connection connection = store.database().settings().dataSource().getConnection()) {
            boolean autocommit = connection.getAutoCommit();
            try {
                new TransactionalAttempt(store.database(), store.sql(), context, attempt, connection).run(part);
            } finally {
                Database.giveBack(connection, autocommit);
            }
        }
    }

    private void run(Part part) throws Exception {
        Dialect dialect = database.dialect();
        Optional<Document> done = attempt.doneRecord();
        try {
            dialect.beginForHost(connection);
            JdbcMigrationContext own = new JdbcMigrationContext(context, this::saveCheckpoint);
            part.run(own, guarded());
            context.checkCancelled();
            Optional<Document> record = own.hasSaved() ? attempt.doneRecord() : done;
            end(
                    record,
                    () -> context.kbId().map(kbId ->
                            (KbWrite) new KbWrite.Advanced(kbId, attempt.fromVersion(), context.version())));
        } catch (Throwable e) {
            Database.rollback(connection, dialect, e);
            throw e;
        }
        attempt.committed();
    }

    private void saveCheckpoint(Object checkpoint) {
        context.checkCancelled();
        String json = attempt.checkpointJson(checkpoint);
        try {
            end(
                    attempt.checkpointRecord(json),
                    () -> context.kbId().map(kbId ->
                            (KbWrite) new KbWrite.Checkpointed(kbId, attempt.fromVersion(), context.version(), json)));
            attempt.checkpointSaved(json);
            database.dialect().beginForHost(connection);
        } catch (SQLException e) {
            throw Database.failure("commit a checkpoint of " + context, e);
        }
        context.checkCancelled();
    }

    /** What a part for a KB writes at the end of a transaction; empty in a global part. */
    private interface LastWrite {
        Optional<KbWrite> get();
    }

    private void end(Optional<Document> record, LastWrite last) throws SQLException {
        Dialect dialect = database.dialect();
        dialect.limit(connection, database.settings().transactionTimeout());
        try {
            boolean written = record.isPresent()
                    ? sql.documents().change(connection, record.get())
                    : sql.write(connection, List.of(last.get().orElseThrow()));
            if (!written) {
                throw new StateStoreException(
                        context + " was overtaken: what it started from is not what is stored any more");
            }
            if (!sql.fence().stale(connection, List.of(attempt.epoch())).isEmpty()) {
                throw new StateStoreException(context + " was superseded: another replica has taken over");
            }
            dialect.commit(connection);
        } finally {
            dialect.restore(connection, Dialect.UNCHANGED);
        }
    }

    /** The connection as the migration sees it: the library alone ends the transaction. */
    private Connection guarded() {
        InvocationHandler handler = (proxy, method, arguments) -> {
            boolean whole = method.getName().equals("rollback") && (arguments == null || arguments.length == 0);
            if (whole || REFUSED.contains(method.getName())) {
                throw new UnsupportedOperationException("the library begins and ends the transaction of " + context
                        + ": " + method.getName() + "() is not for the migration; to undo, throw an exception");
            }
            try {
                return method.invoke(connection, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return (Connection)
                Proxy.newProxyInstance(Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, handler);
    }
}
