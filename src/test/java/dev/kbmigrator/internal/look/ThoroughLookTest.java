package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.EngineConfig.Timings;
import dev.kbmigrator.internal.engine.ReplicaLoop;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.fixture.ManualEnvironment;
import dev.kbmigrator.internal.state.FleetView;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.SystemEnvironment;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStateStore;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.DueFilter;
import dev.kbmigrator.spi.Heartbeat;
import dev.kbmigrator.spi.ReplicaState;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Once an hour someone looks at the KBs themselves; where there are many replicas, one of them. */
class ThoroughLookTest {

    private static final int KBS = 1_000;
    private static final Duration STEP = Duration.ofMillis(500);
    private static final Duration QUARTER = Duration.ofMinutes(15);
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration TWO_HOURS = Duration.ofHours(2);

    private final ManualEnvironment environment = new ManualEnvironment();
    private final MemoryStateStore store =
            new MemoryStateStore(() -> TimeUnit.NANOSECONDS.toMicros(environment.nanoTime()));
    private final EngineConfig config = environment.config(store, MemoryLock.create(() -> 0), environment.started);
    private final ReplicaLoop replica = new ReplicaLoop(config, false);

    /** In an empty fleet there is no lowest version. */
    private boolean isNextLookThorough() {
        return replica.look().snapshot().floors().get(0) == Long.MAX_VALUE;
    }

    @Test
    void aReplicaAloneMakesOneAnHour() {
        assertThat(isNextLookThorough()).as("the first").isFalse();
        environment.pass(HOUR.minusNanos(1));
        assertThat(isNextLookThorough()).as("a little early").isFalse();
        environment.pass(Duration.ofNanos(1));
        assertThat(isNextLookThorough()).as("after an hour").isTrue();
        assertThat(isNextLookThorough()).as("right after it").isFalse();
        environment.pass(HOUR);
        assertThat(isNextLookThorough()).as("after another hour").isTrue();
    }

    private void another(String id, long newestVersion, boolean ready) {
        store.look(new Heartbeat(id, "host", "build", newestVersion, ready, DueFilter.BY_THE_CLOCK, false));
    }

    /** Whether this replica makes one within that time, while others look as often as it does. */
    private boolean makesOneWithin(Duration time, Runnable others) {
        for (Duration passed = Duration.ZERO; passed.compareTo(time) < 0; passed = passed.plus(QUARTER)) {
            environment.pass(QUARTER);
            others.run();
            if (isNextLookThorough()) {
                return true;
            }
        }
        return false;
    }

    @Test
    void ofTwoThatAreAlikeOneMakesIt() {
        assertThat(makesOneWithin(TWO_HOURS, () -> another("a", 0, true))).isTrue();
        assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 0, true))).isFalse();
    }

    @Test
    void oneThatKnowsMoreMakesIt() {
        assertThat(makesOneWithin(TWO_HOURS, () -> another("a", 1, true))).isFalse();
    }

    @Test
    void oneThatKnowsLessDoesNot() {
        assertThat(makesOneWithin(TWO_HOURS, () -> another("z", -1, true))).isTrue();
    }

    @Test
    void oneThatStandsByDoesNot() {
        assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 1, false))).isTrue();
    }

    @Test
    void whenTheOneThatDidIsGoneAnotherDoes() {
        assertThat(makesOneWithin(TWO_HOURS, () -> another("z", 0, true))).isFalse();
        assertThat(makesOneWithin(config.timings().lately(), () -> {})).isFalse();
        assertThat(makesOneWithin(QUARTER.multipliedBy(2), () -> {})).isTrue();
    }

    private FleetView view(long current, int partitionsBelow) {
        ReplicaState self =
                new ReplicaState(config.identity().id(), "host", "build", 1, true, 0, FrozenEnvironment.STORE_MICROS);
        return environment.view(1, current, FrozenEnvironment.floors(partitionsBelow), List.of(), List.of(self));
    }

    /** How long after one that showed so many partitions the next one is due. */
    private Duration nextAfter(ThoroughLookSchedule looks, long current, int partitionsBelow) {
        looks.showed(view(current, partitionsBelow));
        for (Duration passed = Duration.ZERO; passed.compareTo(TWO_HOURS) < 0; passed = passed.plus(STEP)) {
            if (looks.isDue(view(1, 0), environment.nanoTime())) {
                return passed;
            }
            environment.pass(STEP);
        }
        throw new AssertionError("never due");
    }

    @Test
    void theNextComesAtOnceAsLongAsThereIsLessToDoAndElseLessAndLessOften() {
        ThoroughLookSchedule looks = new ThoroughLookSchedule(config);
        environment.pass(HOUR);
        assertThat(looks.isDue(view(1, 0), environment.nanoTime())).isTrue();
        assertThat(nextAfter(looks, 1, 200)).as("some found").isZero();
        assertThat(nextAfter(looks, 1, 199)).as("one less").isZero();
        assertThat(nextAfter(looks, 1, 199)).as("as many").isEqualTo(Duration.ofSeconds(1));
        assertThat(nextAfter(looks, 1, 201)).as("more").isEqualTo(Duration.ofSeconds(2));
        assertThat(nextAfter(looks, 1, 201)).isEqualTo(Duration.ofSeconds(4));
        assertThat(nextAfter(looks, 1, 200)).as("less again").isZero();
        assertThat(nextAfter(looks, 1, 200)).isEqualTo(Duration.ofSeconds(1));
        for (int seconds = 2; seconds < HOUR.toSeconds(); seconds *= 2) {
            assertThat(nextAfter(looks, 1, 200)).isEqualTo(Duration.ofSeconds(seconds));
        }
        assertThat(nextAfter(looks, 1, 200)).as("no less often than usual").isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 200)).isEqualTo(HOUR);
    }

    @Test
    void whereNothingIsFoundTheNextComesInAnHour() {
        ThoroughLookSchedule looks = new ThoroughLookSchedule(config);
        assertThat(nextAfter(looks, 1, 0)).isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 1)).as("one found").isZero();
        assertThat(nextAfter(looks, 1, 0)).as("none left").isEqualTo(HOUR);
        assertThat(nextAfter(looks, 1, 1)).as("another").isZero();
    }

    @Test
    void inAFleetThatIsOnItsWayWhatIsBehindIsNothingToWonderAt() {
        assertThat(nextAfter(new ThoroughLookSchedule(config), 0, 100)).isEqualTo(HOUR);
    }

    /** Real threads, and a clock that the test sets on. */
    private static final class SetOn implements Environment {

        private final Environment real = new SystemEnvironment();
        private final AtomicLong ahead = new AtomicLong();

        @Override
        public long nanoTime() {
            return real.nanoTime() + ahead.get();
        }

        @Override
        public Instant now() {
            return real.now();
        }

        @Override
        public long random(long bound) {
            return real.random(bound);
        }

        @Override
        public String nonce() {
            return real.nonce();
        }

        @Override
        public void start(String name, Runnable body) {
            real.start(name, body);
        }

        @Override
        public Signal newSignal() {
            return real.newSignal();
        }
    }

    /** One look shows them all, and the next usual one none of them. */
    @Test
    @Timeout(60)
    void whatAPersonPutBehindTheFloorsIsBroughtUpWithoutWaitingForAnotherHour() throws SQLException {
        SetOn setOn = new SetOn();
        Queue<String> ran = new ConcurrentLinkedQueue<>();
        ExecutorService bodies = Executors.newCachedThreadPool();
        try (HikariDataSource dataSource = TestDatabase.H2.newDataSource()) {
            JdbcStateStore tables = JdbcStateStore.create(JdbcSettings.of(dataSource));
            tables.enroll(IntStream.range(0, KBS).mapToObj(i -> "kb-" + i).toList(), 0);
            EngineConfig usual = environment.config(
                    tables, MemoryLock.create(), bodies, KbMigration.of(1, "only", (context, kbId) -> {
                        ran.add(kbId);
                        assertThat(new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS))
                                .isFalse();
                    }));
            ReplicaLoop atWork = new ReplicaLoop(inRealTime(usual, setOn), false);
            atWork.start();
            Awaitility.await().until(() -> {
                FleetView view = atWork.board().viewOrNull();
                return view != null && view.state().current() == 1;
            });
            assertThat(ran).hasSize(KBS);
            ran.clear();
            try (Connection connection = dataSource.getConnection();
                    Statement statement = connection.createStatement()) {
                assertThat(statement.executeUpdate("UPDATE kb_migrator_kb SET version = 0"))
                        .isEqualTo(KBS);
            }
            setOn.ahead.addAndGet(HOUR.toNanos());
            Awaitility.await().untilAsserted(() -> assertThat(ran).hasSize(KBS));
            atWork.stop();
            Awaitility.await().until(atWork::hasEnded);
        } finally {
            bodies.shutdownNow();
        }
    }

    private static EngineConfig inRealTime(EngineConfig usual, Environment environment) {
        Duration look = Duration.ofMillis(20);
        Backoff backoff = new Backoff(look, look);
        return new EngineConfig(
                usual.catalog(),
                usual.store(),
                usual.lock(),
                () -> IntStream.range(0, KBS).mapToObj(i -> "kb-" + i),
                usual.services(),
                usual.listeners(),
                environment,
                usual.executor(),
                usual.identity(),
                usual.baseline(),
                usual.kbConcurrency(),
                usual.storeConcurrency(),
                new Timings(FrozenEnvironment.TTL, look, look, HOUR, backoff, null, HOUR));
    }
}
