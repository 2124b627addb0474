package dev.kbmigrator.jdbc;

import dev.kbmigrator.support.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class SqliteStateStoreIT extends JdbcStateStoreContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.SQLITE);
    }
}
