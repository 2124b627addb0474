package dev.kbmigrator.jdbc;

import dev.kbmigrator.support.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class H2StateStoreIT extends JdbcStateStoreContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.H2);
    }
}
