package dev.kbmigrator.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.StateStore;
import dev.kbmigrator.support.TestDatabase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Another replica becomes the coordinator just before each write of the previous one, which does not know it yet. */
@Timeout(120)
class SupersededCoordinatorIT {

    /** The result of each of its writes just after it was superseded, by what the write was to change. */
    private final Map<String, Boolean> answers = new ConcurrentHashMap<>();

    private final AtomicInteger globalParts = new AtomicInteger();

    @ParameterizedTest
    @EnumSource(TestDatabase.class)
    void nothingThatASupersededCoordinatorWritesTakesEffect(TestDatabase database) {
        try (HikariDataSource dataSource = database.newDataSource();
                Migrator migrator = Migrator.builder()
                        .migrations(Migrations.of(
                                KbMigration.of(1, "kb", (context, kbId) -> {}),
                                GlobalMigration.of(2, "global", context -> {
                                    globalParts.incrementAndGet();
                                    context.saveCheckpoint("half");
                                })))
                        .storage(superseding(JdbcStateStore.create(dataSource)), JdbcLock.create(dataSource))
                        .knowledgeBoxes(() -> Stream.of("kb-0", "kb-1"))
                        .lookInterval(Duration.ofMillis(50), Duration.ofMillis(100))
                        .build()) {
            migrator.start();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> migrator.status().currentVersion() == 2);
        }
        assertThat(answers)
                .as("the stage opened, a checkpoint, the global part done, the stage reached")
                .hasSize(4)
                .doesNotContainValue(true);
        assertThat(globalParts).as("once for each that was superseded in it").hasValue(3);
    }

    private StateStore superseding(JdbcStateStore store) {
        return (StateStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {StateStore.class}, (proxy, method, arguments) -> {
                    String change = method.getName().equals("compareAndSet") ? changeByACoordinator(arguments) : "";
                    if (change.isEmpty() || answers.containsKey(change)) {
                        return call(store, method, arguments);
                    }
                    Stores.epoch(store, Epoch.COORDINATOR);
                    Object answer = call(store, method, arguments);
                    answers.put(change, (Boolean) answer);
                    return answer;
                });
    }

    /** What is to be changed; empty when the caller is not a coordinator. */
    private static String changeByACoordinator(Object[] arguments) {
        String name = (String) arguments[0];
        if (name.startsWith("global/")) {
            return String.valueOf(arguments[2]).contains("\"done\":true") ? "done" : "checkpoint";
        }
        boolean leads = Thread.currentThread().getName().equals("kb-migrator-coordinator");
        return leads && name.equals("now/state") ? "from revision " + arguments[1] : "";
    }

    private static Object call(JdbcStateStore store, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(store, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }
}
