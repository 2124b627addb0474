package dev.kbmigrator.million;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.databases.RoundTrips;
import dev.kbmigrator.jdbc.JdbcStorage;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The JVM that migrates: {@code MillionMain <url> <kbs> <first version to run> <last version>}. Prints what it took as
 * {@code key=value} lines.
 */
public final class MillionMain {

    private MillionMain() {}

    /** Runs the no-op migrations up to the last version, and measures. */
    public static void main(String[] args) {
        String url = args[0];
        int kbs = Integer.parseInt(args[1]);
        int versions = Integer.parseInt(args[2]);
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setUsername("postgres");
        config.setMaximumPoolSize(10);
        try (HikariDataSource dataSource = new HikariDataSource(config)) {
            RoundTrips trips = new RoundTrips(dataSource);
            try (Migrator migrator = Migrator.builder()
                    .migrations(Migrations.of(noOps(versions)))
                    .storage(JdbcStorage.create(trips.dataSource()))
                    .knowledgeBoxes(() -> ids(kbs))
                    .build()) {
                long startedAt = System.nanoTime();
                RunReport report = migrator.run();
                double seconds = (System.nanoTime() - startedAt) / 1e9;
                print("seconds", seconds);
                print("kbMigrations", report.kbMigrations());
                print("roundTrips", trips.count());
                print("maxHeapMb", maxHeapBytes() / 1e6);
            }
        }
    }

    private static List<Migration> noOps(int versions) {
        List<Migration> migrations = new ArrayList<>();
        for (int version = 1; version <= versions; version++) {
            migrations.add(KbMigration.of(version, "no_op_" + version, (context, kbId) -> {}));
        }
        return migrations;
    }

    private static Stream<String> ids(int kbs) {
        return IntStream.range(0, kbs).mapToObj(i -> String.format("kb-%08d", i));
    }

    private static long maxHeapBytes() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(usage -> usage.getUsed())
                .sum();
    }

    private static void print(String key, Object value) {
        System.out.println(key + "=" + value);
    }
}
