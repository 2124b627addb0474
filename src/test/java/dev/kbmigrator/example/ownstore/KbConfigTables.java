package dev.kbmigrator.example.ownstore;

import dev.kbmigrator.spi.Epoch;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/**
 * What the host's schema migration makes. {@code kb_config} was there before, with its id, title and settings; the four
 * {@code migration_} columns came with the migrator, all null until a KB is enrolled. The three small tables are the
 * migrator's alone.
 */
final class KbConfigTables {

    private static final List<String> TABLES = List.of("""
            CREATE TABLE kb_config (
              kb_id VARCHAR(255) PRIMARY KEY,
              title VARCHAR(500) NOT NULL,
              settings_json VARCHAR(100000) NOT NULL,
              migration_partition SMALLINT,
              migration_incarnation BIGINT,
              migration_version BIGINT,
              migration_attempt VARCHAR(20000),
              migration_checkpoint VARCHAR(65536)
            )
            """, """
            CREATE INDEX kb_config_partition ON kb_config (migration_partition, kb_id)
            """, """
            CREATE TABLE kb_migrator_scope (scope SMALLINT PRIMARY KEY, epoch BIGINT NOT NULL, version_floor BIGINT NOT NULL)
            """, """
            CREATE TABLE kb_migrator_document (
              name VARCHAR(200) PRIMARY KEY,
              revision BIGINT NOT NULL,
              json VARCHAR(1048576) NOT NULL
            )
            """, """
            CREATE TABLE kb_migrator_replica (
              replica_id VARCHAR(100) PRIMARY KEY,
              node VARCHAR(200) NOT NULL,
              build VARCHAR(200) NOT NULL,
              fleet VARCHAR(200) NOT NULL,
              newest_version BIGINT NOT NULL,
              baseline BIGINT NOT NULL,
              ready BOOLEAN NOT NULL,
              first_seen_us BIGINT NOT NULL,
              last_seen_us BIGINT NOT NULL,
              report VARCHAR(8192),
              reported_us BIGINT
            )
            """);

    private KbConfigTables() {}

    static void create(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            for (String table : TABLES) {
                statement.execute(table);
            }
            try (PreparedStatement scopes =
                    connection.prepareStatement("INSERT INTO kb_migrator_scope VALUES (?, 0, 0)")) {
                for (int scope = 0; scope <= Epoch.COORDINATOR; scope++) {
                    scopes.setInt(1, scope);
                    scopes.addBatch();
                }
                scopes.executeBatch();
            }
        }
    }
}
