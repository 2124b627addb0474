package dev.kbmigrator.bench;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStorage;
import java.time.Duration;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A fleet of KBs at version 1, as the library enrols it, and migrators over it. */
final class BenchFleet {

    /** The version of a KB when it is enrolled. */
    static final int BASELINE = 1;

    static final KbMigration.Part NO_OP = (context, kbId) -> {};

    private BenchFleet() {}

    static Stream<String> ids(int kbs) {
        return IntStream.range(0, kbs).mapToObj(BenchFleet::id);
    }

    static String id(int kb) {
        return String.format("kb-%08d", kb);
    }

    static int number(String id) {
        return Integer.parseInt(id.substring("kb-".length()));
    }

    /** Makes migrations that all have one body. */
    static IntFunction<Migration> each(KbMigration.Part body) {
        return version -> KbMigration.of(version, "benchmark_" + version, body);
    }

    /** Enrols all the KBs; nothing is to be migrated then. */
    static void enrol(JdbcSettings settings, int kbs) {
        run(migrator(settings, kbs, 0, each(NO_OP)));
    }

    static void run(MigratorBuilder builder) {
        try (Migrator migrator = builder.build()) {
            migrator.run();
        }
    }

    /**
     * With the baseline's migration and those that are pending. Listing a million KBs is a scenario of its own: in the others
     * the host's list has been gone through lately.
     */
    static MigratorBuilder migrator(JdbcSettings settings, int kbs, int pending, IntFunction<Migration> migration) {
        return Migrator.builder()
                .migrations(Migrations.of(IntStream.rangeClosed(BASELINE, BASELINE + pending)
                        .mapToObj(migration)
                        .toList()))
                .storage(JdbcStorage.create(settings))
                .knowledgeBoxes(() -> ids(kbs))
                .baselineVersion(BASELINE)
                .listingInterval(Duration.ofDays(1));
    }
}
