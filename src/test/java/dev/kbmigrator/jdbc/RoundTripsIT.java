package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.databases.RoundTrips;
import dev.kbmigrator.databases.TestDatabase;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The budgets for round trips, counted between the library and the driver. */
class RoundTripsIT {

    private static final KbMigration FIRST = KbMigration.of(1, "first", (context, kbId) -> {});
    private static final KbMigration SECOND = KbMigration.of(2, "second", (context, kbId) -> {});

    @ParameterizedTest
    @CsvSource({"POSTGRESQL,1", "MARIADB,2", "H2,2", "SQLITE,2"})
    void upToDateIsOneRoundTripAndNoLock(TestDatabase database, int budget) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            migrate(new RoundTrips(dataSource), 100, FIRST);
            RoundTrips trips = new RoundTrips(dataSource);
            trips.remember();
            migrate(trips, 100, FIRST);
            assertThat(trips.statements()).hasSize(budget).noneMatch(statement -> statement.contains("migrator_lock"));
            assertThat(trips.count()).isEqualTo(budget);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB"})
    void aThousandKbsCostAtMostThreeTenthsOfARoundTripEach(TestDatabase database) {
        assertThat(roundTripsPerKb(database, 1_000)).isLessThanOrEqualTo(0.3);
    }

    @ParameterizedTest
    @EnumSource(
            value = TestDatabase.class,
            names = {"POSTGRESQL", "MARIADB"})
    void aHundredThousandKbsCostAtMostATwentiethOfARoundTripEach(TestDatabase database) {
        assertThat(roundTripsPerKb(database, 100_000)).isLessThanOrEqualTo(0.05);
    }

    private static double roundTripsPerKb(TestDatabase database, int kbs) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            migrate(new RoundTrips(dataSource), kbs, FIRST);
            RoundTrips trips = new RoundTrips(dataSource);
            trips.remember();
            migrate(trips, kbs, FIRST, SECOND);
            if (System.getProperty("show") != null) {
                java.util.TreeMap<String, Integer> m = new java.util.TreeMap<>();
                trips.statements()
                        .forEach(q -> m.merge(
                                q.strip()
                                        .replaceAll("\\s+", " ")
                                        .substring(
                                                0,
                                                Math.min(
                                                        90,
                                                        q.strip()
                                                                .replaceAll("\\s+", " ")
                                                                .length())),
                                1,
                                Integer::sum));
                m.forEach((k, v) -> System.out.println(v + "  " + k));
                System.out.println(database + " " + kbs + " " + trips.count());
            }
            return (double) trips.count() / kbs;
        }
    }

    private static void migrate(RoundTrips trips, int kbs, Migration... migrations) {
        List<String> ids = IntStream.range(0, kbs).mapToObj(i -> "kb-" + i).toList();
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(Arrays.asList(migrations)))
                .storage(JdbcStorage.create(trips.dataSource()))
                .knowledgeBoxes(ids::stream)
                .build()) {
            migrator.run();
        }
    }
}
