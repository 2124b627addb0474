package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.TestFiles;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeAll;

class H2StateStoreIT extends JdbcStateStoreContract {

    /** By default, H2 keeps up to half a second of acknowledged writes in memory, and loses them when its process dies. */
    @BeforeAll
    static void open() {
        open(pool(
                "jdbc:h2:file:" + TestFiles.newDirectory("h2").resolve("kb") + ";DB_CLOSE_DELAY=-1;WRITE_DELAY=0",
                "sa"));
    }

    /** {@code SHUTDOWN IMMEDIATELY} closes the files as they are, as if the process had died. */
    @Override
    HikariDataSource restarted(HikariDataSource pool) throws SQLException {
        try (Connection connection = DriverManager.getConnection(pool.getJdbcUrl(), "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute("SHUTDOWN IMMEDIATELY");
        }
        return pool(pool.getJdbcUrl(), "sa");
    }
}
