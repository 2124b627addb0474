package dev.kbmigrator.internal.look;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.HostApplication;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.fixture.FrozenEnvironment;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.Environment;
import dev.kbmigrator.internal.support.SystemEnvironment;
import dev.kbmigrator.jdbc.JdbcSettings;
import dev.kbmigrator.jdbc.JdbcStateStore;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.support.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
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

/** A whole replica repairs what only a thorough look finds. */
class ThoroughLookTest {

    private static final int KBS = 1_000;
    private static final Duration HOUR = Duration.ofHours(1);

    private final FrozenEnvironment environment = new FrozenEnvironment();

    /** Real threads, and a clock that the test moves forward. */
    private static final class SteppedClock implements Environment {

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
        public void start(String name, Runnable task) {
            real.start(name, task);
        }

        @Override
        public Signal newSignal() {
            return real.newSignal();
        }
    }

    /** One look shows them all, and the next usual one none of them. */
    @Test
    @Timeout(60)
    void kbsPutBehindTheFloorsAreBroughtUpWithinTheHour() throws SQLException {
        SteppedClock clock = new SteppedClock();
        Queue<String> ran = new ConcurrentLinkedQueue<>();
        ExecutorService executor = Executors.newCachedThreadPool();
        try (HikariDataSource dataSource = TestDatabase.H2.newDataSource()) {
            JdbcStateStore tables = JdbcStateStore.create(JdbcSettings.of(dataSource));
            tables.enroll(IntStream.range(0, KBS).mapToObj(i -> "kb-" + i).toList(), 0);
            EngineConfig usual = environment.config(
                    tables, MemoryLock.create(), executor, KbMigration.of(1, "only", (context, kbId) -> {
                        ran.add(kbId);
                        assertThat(new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS))
                                .isFalse();
                    }));
            Engine engine = new Engine(inRealTime(usual, clock));
            engine.start();
            Awaitility.await().until(() -> engine.status().currentVersion() == 1);
            assertThat(ran).hasSize(KBS);
            ran.clear();
            try (Connection connection = dataSource.getConnection();
                    Statement statement = connection.createStatement()) {
                assertThat(statement.executeUpdate("UPDATE kb_migrator_kb SET version = 0"))
                        .isEqualTo(KBS);
            }
            clock.ahead.addAndGet(HOUR.toNanos());
            Awaitility.await().untilAsserted(() -> assertThat(ran).hasSize(KBS));
            engine.close(Duration.ofSeconds(10));
        } finally {
            executor.shutdownNow();
        }
    }

    private static EngineConfig inRealTime(EngineConfig usual, Environment environment) {
        Duration look = Duration.ofMillis(20);
        HostApplication host = new HostApplication(
                () -> IntStream.range(0, KBS).mapToObj(i -> "kb-" + i),
                usual.host().services(),
                usual.host().listeners(),
                usual.host().executor());
        return new EngineConfig(
                usual.build(),
                usual.storage(),
                host,
                usual.concurrency(),
                new Timings(FrozenEnvironment.TTL, look, look, HOUR, new Backoff(look, look), HOUR),
                environment);
    }
}
