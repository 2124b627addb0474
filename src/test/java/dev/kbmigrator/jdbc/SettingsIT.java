package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.support.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A whole run in each setting that the page on compatibility lists. */
@Timeout(120)
class SettingsIT {

    private static final List<String> KBS =
            IntStream.range(0, 300).mapToObj(i -> "kb-" + i + "-é€😀").toList();

    private record Transactional(long version, String name) implements TransactionalKbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId, Connection connection) throws Exception {
            if (context.lastCheckpoint(String.class).isEmpty()) {
                context.saveCheckpoint("half way €");
            }
            Sql.execute(connection, "UPDATE box SET n = n + 1");
        }
    }

    static List<Setting> settings() {
        return Setting.all();
    }

    @ParameterizedTest
    @MethodSource("settings")
    void aWholeRunSucceedsOrIsRefusedByName(Setting setting) throws SQLException {
        try (HikariDataSource pool = setting.opener().open()) {
            if (setting.refusal().isEmpty()) {
                assertThatAllRan(pool);
            } else {
                JdbcStateStore store = JdbcStateStore.create(pool);
                assertThatThrownBy(() -> Stores.look(store))
                        .isInstanceOf(StateStoreException.class)
                        .hasMessageContaining("cannot be used")
                        .hasMessageContaining(setting.refusal());
            }
        }
    }

    private static void assertThatAllRan(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            Sql.execute(connection, "CREATE TABLE box (n INTEGER)", "INSERT INTO box VALUES (0)");
            if (!connection.getAutoCommit()) {
                connection.commit();
            }
        }
        AtomicInteger ran = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(
                        KbMigration.of(1, "one", (context, kb) -> {
                            if (kb.startsWith("kb-7-") && failed.getAndIncrement() == 0) {
                                throw new IllegalStateException("price is 5 €");
                            }
                            ran.incrementAndGet();
                        }),
                        new Transactional(2, "two"),
                        GlobalMigration.of(3, "three", context -> {})))
                .storage(JdbcStorage.create(pool))
                .knowledgeBoxes(KBS::stream)
                .build()) {
            migrator.start();
            org.awaitility.Awaitility.await()
                    .atMost(java.time.Duration.ofSeconds(60))
                    .until(() -> migrator.status().currentVersion() == 3);
            assertThat(migrator.status().failureCount()).isZero();
            migrator.registerKb("later");
            migrator.forgetKb("later");
        }
        assertThat(ran).hasValue(KBS.size());
        assertThat(Sql.number(pool, "SELECT n FROM box")).isEqualTo(KBS.size());
    }
}
