package dev.kbmigrator.internal.engine;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.internal.fixture.InstantStore;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Partitions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** The costs of a whole replica per KB, without a database: time and bytes. Run by {@link EngineCostsBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EngineCosts {

    private static final int BATCH = 256;
    private static final int FLEET = 100_000;
    private static final Migration NO_OP = KbMigration.of(1, "no_op", (context, kbId) -> {});

    private final List<String> ids = InstantStore.ids(BATCH);

    /** Which partition a KB is in. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void partition(Blackhole hole) {
        for (String id : ids) {
            hole.consume(Partitions.of(id));
        }
    }

    /** A fleet that is behind, made anew for each run. */
    @State(Scope.Thread)
    public static class Fleet {

        private final List<List<KbState>> kbs = InstantStore.fleet(FLEET);
        private InstantStore store = new InstantStore(kbs);

        /** Puts the fleet back to where it was. */
        @Setup(Level.Invocation)
        public void renew() {
            store = new InstantStore(kbs);
        }
    }

    /** A whole run of a replica, with its threads. */
    @Benchmark
    @BenchmarkMode(Mode.SingleShotTime)
    @Warmup(iterations = 10)
    @Measurement(iterations = 10)
    @OperationsPerInvocation(FLEET)
    public long run(Fleet fleet) {
        try (Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(NO_OP))
                .storage(fleet.store, MemoryLock.create())
                .knowledgeBoxes(Stream::empty)
                .build()) {
            return migrator.run().kbMigrations();
        }
    }
}
