package dev.kbmigrator.jdbc;

import dev.kbmigrator.support.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class H2LockIT extends JdbcLockContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.H2);
    }
}
