package dev.kbmigrator.jdbc;

import dev.kbmigrator.support.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class SqliteLockIT extends JdbcLockContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.SQLITE);
    }
}
