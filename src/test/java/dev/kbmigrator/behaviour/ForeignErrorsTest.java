package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import com.google.common.util.concurrent.Uninterruptibles;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The methods of an error that a migration throws are called by the thread that ran the part, and by no other. */
@Timeout(20)
@SuppressWarnings({"OverrideThrowableToString", "ToStringReturnsNull"})
class ForeignErrorsTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(20);

    /** Even what is logged for debugging only says no more than was read. */
    @RegisterExtension
    final LogCapture log = new LogCapture(Level.DEBUG);

    private final Queue<String> misdeeds = new ConcurrentLinkedQueue<>();
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void letGo() {
        release.countDown();
    }

    /** Notes when another thread than the one that made it, or that one after the part, asks it something. */
    private final class Watched extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final transient Thread own = Thread.currentThread();

        private void called(String method) {
            // The constructor of its superclass asks, too
            if (own != null && own != Thread.currentThread()) {
                misdeeds.add(method + " in " + Thread.currentThread().getName());
            }
        }

        @Override
        public String getMessage() {
            called("getMessage");
            return "watched";
        }

        @Override
        public String toString() {
            called("toString");
            return "watched";
        }

        @Override
        public synchronized @Nullable Throwable getCause() {
            called("getCause");
            return null;
        }

        @Override
        public StackTraceElement[] getStackTrace() {
            called("getStackTrace");
            return new StackTraceElement[0];
        }

        @Override
        public void printStackTrace(PrintWriter writer) {
            called("printStackTrace");
            writer.println("watched");
        }
    }

    private static final MigratorListener INDIFFERENT = new MigratorListener() {
        @Override
        public void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {}
    };

    @Test
    void noOtherThreadAsksTheErrorOfAKbPart() {
        Migrator migrator = fleet.migrator(
                builder -> builder.listener(INDIFFERENT).kbConcurrency(5),
                KbMigration.of(1, "throw", (context, kbId) -> {
                    throw new Watched();
                }));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().failures())
                .hasSize(20)
                .allSatisfy(failure -> assertThat(failure.error()).startsWith("watched"));
        assertThat(misdeeds).isEmpty();
    }

    @Test
    void noOtherThreadAsksTheErrorOfAGlobalPart() {
        Migrator migrator = fleet.migrator(GlobalMigration.of(1, "throw", context -> {
            throw new Watched();
        }));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().globalFailure())
                .hasValueSatisfying(failure -> assertThat(failure).endsWith("watched"));
        assertThat(log.messages(Level.WARN)).anyMatch(message -> message.contains("0001_throw, global part"));
        assertThat(misdeeds).isEmpty();
    }

    @Test
    void noOtherThreadAsksTheErrorOfAPartThatWasStopped() {
        Migration[] stopped = {
            KbMigration.of(1, "stop", (context, kbId) -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new Watched();
                }
            })
        };
        Migrator migrator = fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(50)).leaseTtl(Duration.ofMillis(600)), stopped);
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().failures()).hasSize(20);
        assertThat(misdeeds).isEmpty();
    }

    private final class Hanging extends RuntimeException {

        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            Uninterruptibles.awaitUninterruptibly(release);
            return "at last";
        }
    }

    @Test
    void anErrorThatHangsWhenItIsAskedHoldsUpItsOwnKbOnly() {
        Migrator migrator = fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(200)).leaseTtl(Duration.ofMillis(600)),
                KbMigration.of(1, "throw", (context, kbId) -> {
                    if (kbId.equals("kb-7")) {
                        throw new Hanging();
                    }
                }));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().kbMigrations()).isEqualTo(19);
        assertThat(error.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.error()).contains("did not stop"));
        assertThat(release.getCount()).isEqualTo(1);
    }

    private static final class SaysNothing extends RuntimeException {

        private static final long serialVersionUID = 1L;

        @Override
        public @Nullable String toString() {
            return null;
        }
    }

    @Test
    void aGlobalPartWhoseErrorSaysNothingIsRetriedWithBackoff() {
        AtomicInteger attempts = new AtomicInteger();
        Migrator migrator = fleet.migrator(
                builder -> builder.backoff(Duration.ofHours(1), Duration.ofHours(1)),
                GlobalMigration.of(1, "throw", context -> {
                    attempts.incrementAndGet();
                    throw new SaysNothing();
                }));
        migrator.start();
        MemoryFleet.await()
                .until(() -> fleet.memory.documents("global/").stream()
                        .anyMatch(record -> record.json().contains("\"failures\":1")));
        MemoryFleet.await()
                .until(() ->
                        fleet.storeCalls.calls.stream().filter("look"::equals).count() > 20);
        assertThat(attempts).hasValue(1);
        assertThat(migrator.status().waitingFor())
                .anySatisfy(reason -> assertThat(reason).contains("SaysNothing"));
    }

    @Test
    void aKbPartWhoseErrorSaysNothingIsRecordedUnderItsClass() {
        Migrator migrator = fleet.migrator(KbMigration.of(1, "throw", (context, kbId) -> {
            throw new SaysNothing();
        }));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(List.copyOf(error.report().failures()))
                .allSatisfy(failure -> assertThat(failure.error()).startsWith(SaysNothing.class.getName()));
    }
}
