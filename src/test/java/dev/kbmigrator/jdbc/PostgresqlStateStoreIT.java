package dev.kbmigrator.jdbc;

import dev.kbmigrator.databases.TestDatabase;
import org.junit.jupiter.api.BeforeAll;

class PostgresqlStateStoreIT extends JdbcStateStoreContract {

    @BeforeAll
    static void open() {
        open(TestDatabase.POSTGRESQL);
    }
}
