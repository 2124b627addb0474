package dev.kbmigrator.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.internal.config.Concurrency;
import dev.kbmigrator.internal.config.EngineConfig;
import dev.kbmigrator.internal.config.HostApplication;
import dev.kbmigrator.internal.config.Identity;
import dev.kbmigrator.internal.config.LocalBuild;
import dev.kbmigrator.internal.config.Services;
import dev.kbmigrator.internal.config.Timings;
import dev.kbmigrator.internal.engine.Engine;
import dev.kbmigrator.internal.state.MigrationCatalog;
import dev.kbmigrator.internal.support.Backoff;
import dev.kbmigrator.internal.support.ListenerNotifier;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Lock;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.Storage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The store and the lock are away for five minutes in the middle of many KBs, in virtual time. */
@ExtendWith(QuietLog.class)
class LongOutageTest {

    private static final long FIVE_MINUTES = TimeUnit.MINUTES.toNanos(5);

    private final World world = new World(1, Mutant.NONE);
    private final Scheduler scheduler = world.scheduler;
    private final Node node = new Node(world, "replica", 1, Map.of());
    private final MemoryStateStore truth =
            new MemoryStateStore(() -> TimeUnit.NANOSECONDS.toMicros(scheduler.now()) + 1);
    private Kind kind = Kind.OUTAGE;
    private boolean away;
    private int failedCalls;
    private int failuresWritten;
    private int secondAttempts;
    private long parts;

    private <T> T over(Class<T> type, T target) {
        Object proxy = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, given) -> {
            if (away && !method.getName().equals("maxBatch")) {
                scheduler.sleep(TimeUnit.MILLISECONDS.toNanos(20));
                // Of every other call, only the response is lost
                if (++failedCalls % 2 == 0) {
                    invoke(method, target, given);
                }
                throw new StateStoreException(kind, "simulated: away", null);
            }
            return invoke(method, target, given);
        });
        return type.cast(proxy);
    }

    private Object invoke(java.lang.reflect.Method method, Object target, Object[] given) throws Throwable {
        if (method.getName().equals("write")) {
            for (Object write : (List<?>) given[1]) {
                failuresWritten += write instanceof KbWrite.Failed ? 1 : 0;
            }
        }
        try {
            return method.invoke(target, given);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private void part(MigrationContext context, String kbId) {
        parts++;
        secondAttempts += context.attempt() > 1 ? 1 : 0;
        int number = Integer.parseInt(kbId.substring(3));
        // So many take a while that time goes by
        if (number % (kbs.size() / 200) == 0) {
            scheduler.sleep(TimeUnit.MILLISECONDS.toNanos(50));
            context.lastCheckpoint(String.class);
            context.saveCheckpoint("half");
        }
    }

    private Engine engine() {
        Migration one = KbMigration.of(1, "one", this::part);
        return new Engine(new EngineConfig(
                new LocalBuild(
                        new Identity("replica", "node", "build"),
                        MigrationCatalog.of(List.of(one), false, null, new ArrayList<>()),
                        0,
                        ""),
                new Storage(
                        over(StateStore.class, truth),
                        over(Lock.class, MemoryLock.create(() -> TimeUnit.NANOSECONDS.toMicros(scheduler.now())))),
                new HostApplication(kbs::stream, new Services(Map.of()), new ListenerNotifier(List.of()), node),
                new Concurrency(5, 4),
                new Timings(
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(15),
                        Duration.ofMinutes(5),
                        new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(5)),
                        Duration.ofMinutes(15)),
                node));
    }

    private List<String> kbs = List.of();

    private void sleep() {
        // Counting takes long where there are many
        scheduler.sleep(TimeUnit.MILLISECONDS.toNanos(20) * (1 + kbs.size() / 100_000));
    }

    private long left() {
        return truth.count(1);
    }

    private void await(long atMost) {
        long until = scheduler.now() + TimeUnit.MINUTES.toNanos(10);
        while (left() > atMost && scheduler.now() < until) {
            sleep();
        }
    }

    private void migrate(int size) {
        world.stormy = false;
        kbs = IntStream.range(0, size).mapToObj(i -> "kb-" + i).toList();
        long[] lefts = new long[3];
        scheduler.run(() -> {
            engine().start();
            while (truth.count(Long.MAX_VALUE) < size) {
                sleep();
            }
            await(size / 2);
            lefts[0] = left();
            away = true;
            scheduler.sleep(FIVE_MINUTES);
            lefts[1] = left();
            away = false;
            await(0);
            lefts[2] = left();
            scheduler.stop();
        });
        assertThat(scheduler.violation()).isNull();
        assertThat(lefts[0]).as("when it went away").isBetween(1L, size - 1L);
        assertThat(lefts[1]).as("when it came back").isPositive();
        assertThat(lefts[2]).as("in the end").isZero();
        assertThat(failedCalls).isGreaterThan(50);
        assertThat(failuresWritten).as("failures on record").isZero();
        assertThat(secondAttempts).as("attempts that were counted").isZero();
        assertThat(parts).as("parts that ran").isLessThan(size + size / 4);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"OUTAGE", "UNKNOWN", "TIMEOUT", "CONFLICT"})
    void noKbFailsAndWorkContinuesWhenItIsBack(Kind how) {
        kind = how;
        migrate(20_000);
    }

    @Test
    @Tag("million")
    void soItIsWithAMillionKbs() {
        migrate(Integer.getInteger("million.kbs", 1_000_000));
    }
}
