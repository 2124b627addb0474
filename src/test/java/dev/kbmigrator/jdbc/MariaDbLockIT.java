package dev.kbmigrator.jdbc;

import dev.kbmigrator.support.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class MariaDbLockIT extends JdbcLockContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.MARIADB);
    }
}
