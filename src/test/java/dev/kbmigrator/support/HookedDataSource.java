package dev.kbmigrator.support;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A data source with something to do before and after what goes through it: to hold it up there, or to break it. */
public final class HookedDataSource {

    private HookedDataSource() {}

    /** What is done around each step: {@code connect}, the text of a statement, {@code commit} or {@code rollback}. */
    public interface Hook {
        /** Before the step; the step is not taken if this throws. */
        default void before(String step) throws SQLException {}

        /** After the step was taken; if this throws, the caller does not hear that it was. */
        default void after(String step) throws SQLException {}
    }

    /** Puts a hook around a data source. */
    public static DataSource over(DataSource real, Hook hook) {
        return proxy(DataSource.class, (self, method, arguments) -> {
            if (!method.getName().equals("getConnection")) {
                return call(real, method, arguments);
            }
            hook.before("connect");
            Connection connection = (Connection) call(real, method, arguments);
            hook.after("connect");
            return connection(connection, hook);
        });
    }

    private static Connection connection(Connection real, Hook hook) {
        return proxy(Connection.class, (self, method, arguments) -> switch (method.getName()) {
            case "prepareStatement" ->
                statement(PreparedStatement.class, call(real, method, arguments), (String) arguments[0], hook);
            case "createStatement" -> statement(Statement.class, call(real, method, arguments), "", hook);
            case "commit", "rollback" -> hooked(real, method, arguments, method.getName(), hook);
            default -> call(real, method, arguments);
        });
    }

    private static <T extends Statement> T statement(Class<T> type, Object real, String prepared, Hook hook) {
        return proxy(type, (self, method, arguments) -> {
            if (!method.getName().startsWith("execute")) {
                return call(real, method, arguments);
            }
            String sql = prepared.isEmpty() && arguments != null ? (String) arguments[0] : prepared;
            return hooked(real, method, arguments, sql.strip(), hook);
        });
    }

    private static Object hooked(Object real, Method method, Object @Nullable [] arguments, String step, Hook hook)
            throws Throwable {
        hook.before(step);
        Object result = call(real, method, arguments);
        hook.after(step);
        return result;
    }

    private static Object call(Object real, Method method, Object @Nullable [] arguments) throws Throwable {
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(
                Proxy.newProxyInstance(HookedDataSource.class.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
