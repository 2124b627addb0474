package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes a connection that a data source has not taken from a pool for the library, but from the transaction of the caller.
 * The library would commit that transaction, so it refuses such a connection before it changes anything on it.
 *
 * <p>Such a connection has auto-commit off. So have all connections of some pools, which is legal. Two things tell them apart:
 * Spring has bound the connection to the thread, or a transaction is open on it. No dependency on Spring is needed: its
 * classes are found by name.
 */
final class CallersTransaction {

    private static final String PROXY = "org.springframework.jdbc.datasource.ConnectionProxy";
    private static final String HOLDER = "org.springframework.jdbc.datasource.ConnectionHolder";
    private static final String BOUND = "org.springframework.transaction.support.TransactionSynchronizationManager";

    private static final int LAYERS = 10;

    private static final String REFUSAL =
            "the data source has handed out the connection of the caller's own transaction, which"
                    + " the library must not end: pass the underlying data source to the library, not one that takes part in the"
                    + " caller's transactions (such as Spring's TransactionAwareDataSourceProxy). To register a KB in a transaction of"
                    + " the host, call registerKb(connection, kbId)";

    private CallersTransaction() {}

    /**
     * Refuses a connection of the caller's transaction.
     *
     * @param connection a borrowed connection with auto-commit off
     */
    static void refuse(Connection connection, Dialect dialect) throws SQLException {
        if (isBoundBySpring(connection) || dialect.isInTransaction(connection)) {
            throw new StateStoreException(REFUSAL);
        }
    }

    /** Whether auto-commit could not be changed because a transaction manager controls it, and not because of an outage. */
    static boolean isControlledElsewhere(Connection connection, SQLException error) throws SQLException {
        String state = error.getSQLState();
        return !connection.isClosed() && (state == null || state.startsWith("25") || state.startsWith("2D"));
    }

    /** What the refusal says then. */
    static StateStoreException controlledElsewhere(SQLException error) {
        return new StateStoreException(
                REFUSAL + " (" + Secrets.masked(error.getMessage()) + ")", Secrets.masked(error));
    }

    private static boolean isBoundBySpring(Connection connection) {
        Map<?, ?> bound = boundBySpring(connection);
        if (bound.isEmpty()) {
            return false;
        }
        Connection physical = physical(connection);
        return bound.values().stream()
                .filter(holder -> extendsType(holder.getClass(), HOLDER))
                .map(holder -> invoke(holder, "getConnection"))
                .anyMatch(held -> held instanceof Connection other && physical(other) == physical);
    }

    /** What Spring has bound to this thread; empty without Spring. */
    private static Map<?, ?> boundBySpring(Connection connection) {
        for (ClassLoader loader : Arrays.asList(
                connection.getClass().getClassLoader(), Thread.currentThread().getContextClassLoader())) {
            try {
                Class<?> manager = Class.forName(BOUND, false, loader);
                return (Map<?, ?>) Objects.requireNonNull(
                        manager.getMethod("getResourceMap").invoke(null));
            } catch (ReflectiveOperationException | LinkageError e) {
                // Not here
            }
        }
        return Map.of();
    }

    /** The connection behind Spring's proxies, and behind the pool's. */
    private static Connection physical(Connection connection) {
        Connection outer = connection;
        for (int layer = 0; layer < LAYERS; layer++) {
            Connection inner = implementsType(outer.getClass(), PROXY)
                            && invoke(outer, "getTargetConnection") instanceof Connection target
                    ? target
                    : unwrapped(outer);
            if (inner == outer) {
                break;
            }
            outer = inner;
        }
        return outer;
    }

    private static Connection unwrapped(Connection connection) {
        try {
            return connection.unwrap(Connection.class);
        } catch (SQLException e) {
            return connection;
        }
    }

    private static boolean extendsType(Class<?> type, String name) {
        for (Class<?> one = type; one != null; one = one.getSuperclass()) {
            if (one.getName().equals(name)) {
                return true;
            }
        }
        return false;
    }

    private static boolean implementsType(@Nullable Class<?> type, String name) {
        return type != null
                && (type.getName().equals(name)
                        || implementsType(type.getSuperclass(), name)
                        || Arrays.stream(type.getInterfaces()).anyMatch(one -> implementsType(one, name)));
    }

    private static @Nullable Object invoke(Object target, String method) {
        try {
            Method found = target.getClass().getMethod(method);
            return found.invoke(target);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException | RuntimeException e) {
            return null;
        }
    }
}
