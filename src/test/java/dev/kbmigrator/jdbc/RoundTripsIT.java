package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.Storage;
import dev.kbmigrator.support.RoundTrips;
import dev.kbmigrator.support.TestDatabase;
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
    void upToDateIsOneRoundTripAndNoLockAndOneMoreTheFirstTimeInAProcess(TestDatabase database, int budget) {
        try (HikariDataSource dataSource = database.newDataSource()) {
            migrate(new RoundTrips(dataSource), 100, FIRST);
            RoundTrips trips = new RoundTrips(dataSource);
            Storage storage = JdbcStorage.create(trips.dataSource());
            trips.remember();
            assertThat(migrate(trips, storage, 100, FIRST)).isEqualTo(budget + 1);
            assertThat(trips.statements())
                    .hasSizeGreaterThanOrEqualTo(budget)
                    // The first contact counts the tables by name
                    .filteredOn(statement -> statement.contains("migrator_lock"))
                    .hasSize(1)
                    .allMatch(statement -> statement.contains("IN ('kb_migrator_kb'"));
            long before = trips.count();
            assertThat(migrate(trips, storage, 100, FIRST) - before).isEqualTo(budget);
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
            migrate(trips, kbs, FIRST, SECOND);
            return (double) trips.count() / kbs;
        }
    }

    /** Returns the number of round trips up to the end of the run. Closing unregisters the replica, which is another. */
    private static long migrate(RoundTrips trips, int kbs, Migration... migrations) {
        return migrate(trips, JdbcStorage.create(trips.dataSource()), kbs, migrations);
    }

    private static long migrate(RoundTrips trips, Storage storage, int kbs, Migration... migrations) {
        List<String> ids = IntStream.range(0, kbs).mapToObj(i -> "kb-" + i).toList();
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(Arrays.asList(migrations)))
                .storage(storage)
                .knowledgeBoxes(ids::stream)
                .build()) {
            migrator.run();
            return trips.count();
        }
    }
}
