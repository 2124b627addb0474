package dev.kbmigrator.bench;

import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStorage;
import dev.kbmigrator.support.RoundTrips;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Scenario (j): a replica in the background, with nothing to do. */
final class Idle extends KbMigrator implements Reporting {

    /** The look that finds that there is nothing to do, and what it leaves behind, are over by then. */
    private static final long SETTLES_IN_SECONDS = 5;

    private static final long SECONDS = 60;
    private final Map<String, Double> figures = new TreeMap<>();
    private @Nullable RoundTrips trips;

    Idle() {
        super("j", 0, BenchFleet.each(BenchFleet.NO_OP));
    }

    @Override
    public void prepare(BenchDatabase database, int tenants) throws Exception {
        super.prepare(database, tenants);
        migrator().start();
        TimeUnit.SECONDS.sleep(SETTLES_IN_SECONDS);
        trips().remember();
    }

    @Override
    MigratorBuilder configured(MigratorBuilder builder) {
        RoundTrips counted = new RoundTrips(pool());
        trips = counted;
        return builder.storage(JdbcStorage.create(JdbcSettings.of(counted.dataSource())));
    }

    private RoundTrips trips() {
        return Objects.requireNonNull(trips, "not prepared");
    }

    @Override
    public void run() throws InterruptedException {
        TimeUnit.SECONDS.sleep(SECONDS);
        // Each replica announces itself with every look
        long looks = trips().statements().stream()
                .filter(statement -> statement.contains("INTO \"public\".kb_migrator_replica"))
                .count();
        figures.put("looks", (double) looks);
        figures.put("statements_per_look", (double) trips().statements().size() / looks);
        figures.put("threads", (double) threads());
    }

    private static long threads() {
        return Stream.of(ManagementFactory.getThreadMXBean().dumpAllThreads(false, false))
                .map(ThreadInfo::getThreadName)
                .filter(name -> name.startsWith("kb-migrator"))
                .count();
    }

    @Override
    public Map<String, Double> figures() {
        return figures;
    }
}
