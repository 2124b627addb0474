package dev.kbmigrator.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Asks a driver's own connection what JDBC has no method for, without depending on the driver. */
final class DriverState {

    private DriverState() {}

    /** What a method without parameters of the driver's connection returns; null if it is another driver, or hidden. */
    static @Nullable Object of(Connection connection, String type, String method) {
        try {
            ClassLoader loader =
                    connection.getMetaData().unwrap(Object.class).getClass().getClassLoader();
            Class<?> driverType = Class.forName(type, false, loader);
            return driverType.getMethod(method).invoke(connection.unwrap(driverType));
        } catch (ReflectiveOperationException | SQLException | RuntimeException e) {
            return null;
        }
    }
}
