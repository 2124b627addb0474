package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.StateStoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;

/** Knows the supported databases. Any other is refused, because a wrong guess could lose data. */
final class DialectDetector {

    private DialectDetector() {}

    /** The dialect of the database behind a connection. The driver knows the answer without a round trip. */
    static Dialect detect(Connection connection) throws SQLException {
        String product = connection.getMetaData().getDatabaseProductName();
        return switch (product.toLowerCase(Locale.ROOT)) {
            case "postgresql" -> new PostgresDialect();
            case "mariadb" -> new MariaDbDialect(true);
            case "mysql" -> new MariaDbDialect(false);
            case "h2" -> new H2Dialect();
            case "sqlite" -> new SqliteDialect();
            default ->
                throw new StateStoreException(
                        "the database \"" + product + "\" is not supported: use PostgreSQL, MariaDB,"
                                + " MySQL, H2 or SQLite, or implement dev.kbmigrator.spi.StateStore for it and run the test kit"
                                + " against your implementation");
        };
    }
}
