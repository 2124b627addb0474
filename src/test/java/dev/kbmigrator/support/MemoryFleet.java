package dev.kbmigrator.support;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorBuilder;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A fleet in memory: one store, one lock, a host's list, and the replicas over them. Closes the replicas after each test. */
public final class MemoryFleet implements AfterEachCallback {

    private final AtomicLong offsetMicros = new AtomicLong();
    private final Queue<Migrator> built = new ConcurrentLinkedQueue<>();

    public final MemoryStateStore memory = new MemoryStateStore(this::nowMicros);

    /** Every call to the store, and what may go wrong with it. */
    public final Interposed storeCalls = new Interposed();

    /** Every call to the lock, and what may go wrong with it. */
    public final Interposed lockCalls = new Interposed();

    public final StateStore store = storeCalls.over(StateStore.class, memory);
    public final Lock lock = lockCalls.over(Lock.class, MemoryLock.create());

    /** The host's list. */
    public final CopyOnWriteArrayList<String> kbs = new CopyOnWriteArrayList<>();

    /** What the recording migrations ran, as {@code version/kb}, or {@code version/} for a global part. */
    public final Queue<String> ran = new ConcurrentLinkedQueue<>();

    /** The store's clock: the system's, and what was added by {@link #advance}. */
    public long nowMicros() {
        return ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()) + offsetMicros.get();
    }

    public void advance(Duration by) {
        offsetMicros.addAndGet(by.toNanos() / 1_000);
    }

    public MemoryFleet withKbs(int count) {
        IntStream.range(0, count).forEach(i -> kbs.add("kb-" + i));
        return this;
    }

    public MigratorBuilder builder(Migration... migrations) {
        return Migrator.builder()
                .migrations(Migrations.of(migrations))
                .storage(store, lock)
                .knowledgeBoxes(kbs::stream)
                .lookInterval(Duration.ofMillis(20), Duration.ofMillis(40));
    }

    public Migrator migrator(Migration... migrations) {
        return built(builder(migrations));
    }

    public Migrator migrator(UnaryOperator<MigratorBuilder> settings, Migration... migrations) {
        return built(settings.apply(builder(migrations)));
    }

    private Migrator built(MigratorBuilder builder) {
        Migrator migrator = builder.build();
        built.add(migrator);
        return migrator;
    }

    public KbMigration recording(long version) {
        return KbMigration.of(version, "kb_" + version, (context, kbId) -> ran.add(version + "/" + kbId));
    }

    public GlobalMigration recordingGlobal(long version) {
        return GlobalMigration.of(version, "global_" + version, context -> ran.add(version + "/"));
    }

    public long version(String kbId) {
        KbState state = memory.find(Set.of(kbId)).get(kbId);
        return state == null ? -1 : state.version();
    }

    /** How many failures are on record of a KB. */
    public int failures(String kbId) {
        KbState state = memory.find(Set.of(kbId)).get(kbId);
        return state == null || state.record() == null ? 0 : state.record().failures();
    }

    public static ConditionFactory await() {
        return Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(10));
    }

    @Override
    public void afterEach(ExtensionContext context) {
        storeCalls.mend();
        lockCalls.mend();
        built.forEach(migrator -> migrator.close(Duration.ofMillis(200)));
    }
}
