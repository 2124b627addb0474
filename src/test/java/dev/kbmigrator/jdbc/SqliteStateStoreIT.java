package dev.kbmigrator.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.support.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

@SuppressWarnings("NullAway.Init") // JUnit sets it before the class
class SqliteStateStoreIT extends JdbcStateStoreContract {

    private static Path file;

    @BeforeAll
    static void open() {
        file = TestFiles.newDirectory("sqlite").resolve("kb.db");
        open(pool(url(), ""));
    }

    private static String url() {
        return "jdbc:sqlite:" + file + "?journal_mode=WAL&synchronous=NORMAL&busy_timeout=10000";
    }

    /** What is in the files while they are open is what a process that is killed leaves behind. */
    @Override
    HikariDataSource restarted(HikariDataSource pool) throws IOException {
        Path left = TestFiles.newDirectory("sqlite").resolve("kb.db");
        for (String suffix : List.of("", "-wal")) {
            Path part = Path.of(file + suffix);
            if (Files.exists(part)) {
                Files.copy(part, Path.of(left + suffix));
            }
        }
        file = left;
        return pool(url(), "");
    }
}
