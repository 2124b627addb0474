package dev.kbmigrator.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection as a transactional part sees it: the part cannot end the transaction, and what it changes about its session
 * lasts no longer than the part. Belongs to one execution and its thread.
 *
 * <p>The settings are read when the part first does something that may change one: a statement such as {@code SET}, or
 * {@code unwrap}. They are restored before the library's own statements, and again when the transaction has ended. A setter of
 * JDBC is undone when the transaction has ended. A connection whose settings cannot be restored is closed for good, so that
 * nobody else gets it. A setting that a function or a trigger changes goes unnoticed.
 */
final class PartConnection {

    private static final Logger LOG = LoggerFactory.getLogger(PartConnection.class);

    private static final Set<String> REFUSED = Set.of("commit", "close", "abort", "setAutoCommit");
    private static final String COMMENTS = "(?:\\s|--[^\\n]*\\n|/\\*.*?\\*/)*+";
    private static final Pattern ENDS_TRANSACTION = Pattern.compile(
            COMMENTS
                    + "(?:COMMIT|BEGIN(?!\\s+NOT\\s+ATOMIC)|START\\s+TRANSACTION|END|ABORT|SET\\s+(?:SESSION\\s+)?AUTOCOMMIT\\b|ROLLBACK(?!\\s+(?:WORK\\s+|TRANSACTION\\s+)?TO))\\b.*",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern CHANGES_SETTINGS = Pattern.compile(
            "(?:^|;)" + COMMENTS
                    + "(?:SET|RESET|DISCARD|USE|PRAGMA|CALL|DO|EXECUTE|LOAD)\\b|\\bset_config\\b|\\{\\s*call\\b",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private final Connection connection;
    private final Dialect dialect;
    private final String who;
    private final Deque<Undo> undos = new ArrayDeque<>();
    private final Set<String> changed = new HashSet<>();
    private @Nullable Map<String, String> before;

    /** Undoes what a setter did. */
    private interface Undo {
        void run() throws SQLException;
    }

    /**
     * Guards a connection.
     *
     * @param who the execution, for errors
     */
    PartConnection(Connection connection, Dialect dialect, String who) {
        this.connection = connection;
        this.dialect = dialect;
        this.who = who;
    }

    /** What to pass to the part. */
    Connection guarded() {
        return proxy(Connection.class, (self, method, arguments) -> {
            String name = method.getName();
            if (REFUSED.contains(name) || (name.equals("rollback") && arguments == null)) {
                throw refused(name + "()");
            }
            remember(name);
            if (arguments != null && arguments[0] instanceof String sql && name.startsWith("prepare")) {
                check(sql);
            }
            if (name.equals("unwrap")) {
                readSettings();
            }
            Object result = invoke(connection, method, arguments);
            return result instanceof Statement statement ? guarded(statement, method, self) : result;
        });
    }

    private Object guarded(Statement statement, Method factory, Object guardedConnection) {
        Class<? extends Statement> type = factory.getReturnType().asSubclass(Statement.class);
        if (type != Statement.class && type != PreparedStatement.class && type != CallableStatement.class) {
            return statement;
        }
        return proxy(type, (self, method, arguments) -> {
            if (arguments != null && arguments[0] instanceof String sql && isGivenSql(method)) {
                check(sql);
            }
            if (method.getName().equals("getConnection")) {
                return guardedConnection;
            }
            return invoke(statement, method, arguments);
        });
    }

    private static boolean isGivenSql(Method method) {
        return method.getName().startsWith("execute") || method.getName().equals("addBatch");
    }

    private void check(String sql) throws SQLException {
        if (ENDS_TRANSACTION.matcher(sql).matches()) {
            throw refused(sql.strip());
        }
        if (CHANGES_SETTINGS.matcher(sql).find()) {
            readSettings();
        }
    }

    private UnsupportedOperationException refused(String what) {
        return new UnsupportedOperationException("a migration must not call " + what
                + ": the library begins and ends the transaction of " + who + ". To roll it back, throw an exception");
    }

    private void readSettings() throws SQLException {
        if (before == null) {
            before = dialect.sessionSettings().read(connection);
        }
    }

    /** Remembers what the first call of a setter changes. */
    private void remember(String setter) throws SQLException {
        if (!setter.startsWith("set") || setter.equals("setSavepoint") || !changed.add(setter)) {
            return;
        }
        switch (setter.substring(3).toLowerCase(Locale.ROOT)) {
            case "readonly" -> {
                boolean old = connection.isReadOnly();
                undos.push(() -> connection.setReadOnly(old));
            }
            case "transactionisolation" -> {
                int old = connection.getTransactionIsolation();
                undos.push(() -> connection.setTransactionIsolation(old));
            }
            case "catalog" -> {
                String old = connection.getCatalog();
                undos.push(() -> connection.setCatalog(old));
            }
            case "holdability" -> {
                int old = connection.getHoldability();
                undos.push(() -> connection.setHoldability(old));
            }
            case "networktimeout" -> {
                int old = connection.getNetworkTimeout();
                undos.push(() -> connection.setNetworkTimeout(Runnable::run, old));
            }
            case "typemap" -> {
                Map<String, Class<?>> old = connection.getTypeMap();
                undos.push(() -> connection.setTypeMap(old));
            }
            case "schema" -> {
                // Drivers may keep the schema in mind
                String old = connection.getSchema();
                readSettings();
                if (old != null) {
                    undos.push(() -> connection.setSchema(old));
                }
            }
            // The client's data are settings of the session
            default -> readSettings();
        }
    }

    /** Restores the settings before statements of the library; returns the part's own, for {@link #resume}. */
    Map<String, String> suspend() throws SQLException {
        Map<String, String> original = before;
        if (original == null) {
            return Map.of();
        }
        Map<String, String> own = dialect.sessionSettings().read(connection);
        dialect.sessionSettings().restore(connection, original);
        return own;
    }

    /** Gives the part its own settings back, after a checkpoint. */
    void resume(Map<String, String> own) throws SQLException {
        if (!own.isEmpty()) {
            dialect.sessionSettings().restore(connection, own);
        }
    }

    /** Restores everything after the transaction has ended. Never fails: what cannot be restored is closed. */
    void restore() {
        try {
            while (!undos.isEmpty()) {
                undos.pop().run();
            }
            Map<String, String> original = before;
            if (original != null) {
                dialect.sessionSettings().restore(connection, original);
                if (!connection.getAutoCommit()) {
                    connection.commit();
                }
            }
        } catch (SQLException | RuntimeException e) {
            LOG.atDebug().setCause(e).log("A connection is closed, because its settings could not be restored");
            discard();
        }
    }

    /** Breaks the connection, and lets the pool notice. */
    private void discard() {
        try {
            connection.abort(Runnable::run);
            connection.isValid(1);
            connection.createStatement().close();
        } catch (SQLException | RuntimeException e) {
            LOG.atDebug().setCause(e).log("A connection was closed");
        }
    }

    private static @Nullable Object invoke(Object target, Method method, Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(Connection.class.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
