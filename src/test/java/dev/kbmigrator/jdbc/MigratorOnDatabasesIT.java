package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.support.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The main job, on each database. */
class MigratorOnDatabasesIT {

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void everyKbRunsEveryMigrationOnceAndGlobalPartsRunInOrder(TestDatabase database) {
        Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
        AtomicInteger ranAtTheBarrier = new AtomicInteger();
        List<String> kbs = IntStream.range(0, 2_000).mapToObj(i -> "kb-" + i).toList();
        try (HikariDataSource dataSource = database.newDataSource();
                Migrator migrator = Migrator.builder()
                        .migrations(Migrations.of(
                                counting(1, runs),
                                counting(2, runs),
                                GlobalMigration.of(3, "totals", context -> {
                                    ranAtTheBarrier.set(runs.size());
                                    runs.put("3", new AtomicInteger(1));
                                }),
                                counting(4, runs)))
                        .storage(JdbcStorage.create(dataSource))
                        .knowledgeBoxes(kbs::stream)
                        .build()) {
            RunReport report = migrator.run();
            assertThat(report.currentVersion()).isEqualTo(4);
            assertThat(ranAtTheBarrier)
                    .as("all KBs are at version 2, none beyond")
                    .hasValue(4_000);
            assertThat(report.kbMigrations()).isEqualTo(6_000);
            assertThat(report.globalMigrations()).containsExactly(3L);
            assertThat(runs)
                    .hasSize(6_001)
                    .allSatisfy((key, count) -> assertThat(count).hasValue(1));
            assertThat(migrator.run().kbMigrations()).isZero();
        }
    }

    private static KbMigration counting(long version, Map<String, AtomicInteger> runs) {
        return KbMigration.of(
                version,
                "count_" + version,
                (context, kbId) -> runs.computeIfAbsent(version + "/" + kbId, key -> new AtomicInteger())
                        .incrementAndGet());
    }
}
