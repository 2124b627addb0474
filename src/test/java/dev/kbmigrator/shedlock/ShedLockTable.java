package dev.kbmigrator.shedlock;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/** The table of ShedLock's documentation, its names long enough for all that a lock may be asked for. */
final class ShedLockTable {

    private ShedLockTable() {}

    static void create(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP TABLE IF EXISTS shedlock");
            statement.execute("""
                    CREATE TABLE shedlock (
                      name VARCHAR(100) NOT NULL PRIMARY KEY,
                      lock_until TIMESTAMP(3) NOT NULL,
                      locked_at TIMESTAMP(3) NOT NULL,
                      locked_by VARCHAR(255) NOT NULL)
                    """);
        }
    }
}
