package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What joins a transaction needs one connection, and no second one that might not be there. */
@Timeout(120)
class OneConnectionIT {

    private static final int THREADS = 10;

    private static HikariDataSource pool(TestDatabase database, int size) {
        return database.newDataSource(config -> {
            config.setMaximumPoolSize(size);
            config.setConnectionTimeout(2_000);
            if (database == TestDatabase.SQLITE) {
                config.setJdbcUrl(config.getJdbcUrl() + "&transaction_mode=IMMEDIATE");
            }
        });
    }

    private static Migrator migrator(HikariDataSource pool, Migration... migrations) {
        return Migrator.builder()
                .migrations(Migrations.of(migrations))
                .storage(JdbcStorage.create(pool))
                .knowledgeBoxes(() -> Stream.of("a", "b"))
                .kbConcurrency(1)
                .storeConcurrency(1)
                .build();
    }

    /** @param before whether the first registration comes before the migrator has begun anything */
    @ParameterizedTest
    @CsvSource({"POSTGRESQL,false", "POSTGRESQL,true", "MARIADB,false", "MARIADB,true", "H2,false", "H2,true"})
    void tenThreadsWithTheTenConnectionsOfAPoolAllRegister(TestDatabase database, boolean before) throws Exception {
        try (HikariDataSource pool = pool(database, THREADS)) {
            Stores.look(JdbcStateStore.create(pool));
            try (Migrator migrator = migrator(pool, KbMigration.of(1, "one", (context, kb) -> {}))) {
                if (!before) {
                    migrator.run();
                }
                CyclicBarrier allHaveOne = new CyclicBarrier(THREADS);
                List<CompletableFuture<Boolean>> registered = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    String kb = "new-" + i;
                    registered.add(Stores.async(() -> {
                        try (Connection host = pool.getConnection()) {
                            host.setAutoCommit(false);
                            allHaveOne.await();
                            migrator.registerKb(host, kb);
                            host.commit();
                        }
                        return true;
                    }));
                }
                for (CompletableFuture<Boolean> one : registered) {
                    assertThat(one.get(30, TimeUnit.SECONDS)).isTrue();
                }
            }
            List<String> ids =
                    IntStream.range(0, THREADS).mapToObj(i -> "new-" + i).toList();
            assertThat(JdbcStateStore.create(pool).find(ids)).hasSize(THREADS);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void theOnlyConnectionIsTheHosts(TestDatabase database) throws Exception {
        try (HikariDataSource pool = pool(database, 1)) {
            Stores.look(JdbcStateStore.create(pool));
            try (Migrator migrator = migrator(pool, KbMigration.of(1, "one", (context, kb) -> {}))) {
                try (Connection host = pool.getConnection()) {
                    host.setAutoCommit(false);
                    migrator.registerKb(host, "undone");
                    host.rollback();
                    migrator.registerKb(host, "kept");
                    host.commit();
                }
                assertThat(JdbcStateStore.create(pool).find(List.of("undone", "kept")))
                        .containsOnlyKeys("kept");
                assertThat(migrator.status().targetVersion())
                        .as("the announcement is kept as well")
                        .isEqualTo(1);
            }
        }
    }

    /** Fails once after its checkpoint, so that it reads it. */
    private static void checkpoint(MigrationContext context, AtomicInteger failures) {
        if (context.lastCheckpoint(Integer.class).isEmpty()) {
            context.saveCheckpoint(1);
            context.saveCheckpoint(2);
            failures.incrementAndGet();
            throw new IllegalStateException("after the checkpoint");
        }
        assertThat(context.lastCheckpoint(Integer.class)).contains(2);
    }

    private record OfKb(long version, String name, AtomicInteger failures) implements TransactionalKbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId, Connection connection) {
            checkpoint(context, failures);
        }
    }

    private record OfFleet(long version, String name, AtomicInteger failures) implements TransactionalGlobalMigration {
        @Override
        public void migrate(MigrationContext context, Connection connection) {
            checkpoint(context, failures);
        }
    }

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void aPartWithThePoolsOnlyConnectionReadsAndSavesItsCheckpoint(TestDatabase database) {
        AtomicInteger attempts = new AtomicInteger();
        try (HikariDataSource pool = pool(database, 1)) {
            try (Migrator migrator = migrator(pool, new OfKb(1, "kbs", attempts), new OfFleet(2, "fleet", attempts))) {
                migrator.start();
                org.awaitility.Awaitility.await()
                        .atMost(60, TimeUnit.SECONDS)
                        .until(() -> migrator.status().currentVersion() == 2);
            }
            assertThat(attempts).hasValue(3);
        }
    }
}
