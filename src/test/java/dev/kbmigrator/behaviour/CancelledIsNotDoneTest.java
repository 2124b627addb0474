package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.RunReport;
import dev.kbmigrator.spi.Document;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A part that was told to stop, and then returns as if it were done, is not done. */
@Timeout(20)
class CancelledIsNotDoneTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    private final CountDownLatch entered = new CountDownLatch(1);

    /** The usual ways to stop without an exception. */
    private enum Stopping {
        LOOKS {
            @Override
            void workUntilStopped(MigrationContext context) throws InterruptedException {
                while (!context.isCancelled()) {
                    pause();
                }
            }
        },
        CATCHES_THE_INTERRUPT {
            @Override
            void workUntilStopped(MigrationContext context) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        },
        SWALLOWS_THE_INTERRUPT {
            @Override
            void workUntilStopped(MigrationContext context) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    // It means to stop, and that is all
                }
            }
        },
        CATCHES_WHAT_A_CHECKPOINT_THROWS {
            @Override
            void workUntilStopped(MigrationContext context) {
                for (int i = 0; ; i++) {
                    try {
                        context.saveCheckpoint(i);
                        pause();
                    } catch (Exception e) {
                        break;
                    }
                }
            }
        },
        CATCHES_WHAT_A_CHECK_THROWS {
            @Override
            void workUntilStopped(MigrationContext context) throws InterruptedException {
                while (true) {
                    try {
                        context.checkCancelled();
                    } catch (RuntimeException e) {
                        break;
                    }
                    pause();
                }
            }
        };

        abstract void workUntilStopped(MigrationContext context) throws InterruptedException;

        static void pause() throws InterruptedException {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private KbMigration ofKb(Stopping way) {
        return KbMigration.of(1, "stop", (context, kbId) -> {
            entered.countDown();
            way.workUntilStopped(context);
        });
    }

    private GlobalMigration ofFleet(Stopping way) {
        return GlobalMigration.of(1, "stop", context -> {
            entered.countDown();
            way.workUntilStopped(context);
        });
    }

    private void startAndClose(Migration migration) throws InterruptedException {
        Migrator migrator = fleet.migrator(migration);
        migrator.start();
        entered.await();
        migrator.close(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @EnumSource
    void aKbPartThatReturnsBecauseTheReplicaClosesRunsAgain(Stopping way) throws InterruptedException {
        startAndClose(ofKb(way));
        assertThat(fleet.version("kb-0")).isZero();
        assertThat(fleet.failures("kb-0")).isZero();
        fleet.migrator(KbMigration.of(1, "stop", (context, kbId) -> fleet.ran.add(kbId)))
                .run();
        assertThat(fleet.ran).containsExactly("kb-0");
    }

    @ParameterizedTest
    @EnumSource
    void aGlobalPartThatReturnsBecauseTheReplicaClosesRunsAgain(Stopping way) throws InterruptedException {
        startAndClose(ofFleet(way));
        assertThat(fleet.memory.documents("global/"))
                .allSatisfy(record -> assertThat(record.json()).doesNotContain("\"done\":true"));
        RunReport report = fleet.migrator(GlobalMigration.of(1, "stop", context -> fleet.ran.add("again")))
                .run();
        assertThat(fleet.ran).containsExactly("again");
        assertThat(report.globalMigrations()).containsExactly(1L);
    }

    @ParameterizedTest
    @EnumSource
    void aKbPartThatReturnsAtItsTimeLimitHasFailed(Stopping way) {
        Migrator migrator = limited(ofKb(way));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.error()).contains("time limit of PT0.1S"));
        assertThat(fleet.version("kb-0")).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aGlobalPartThatReturnsAtItsTimeLimitHasFailed(Stopping way) {
        Migrator migrator = limited(ofFleet(way));
        MigrationFailedException error = catchThrowableOfType(MigrationFailedException.class, migrator::run);
        assertThat(error.report().globalFailure())
                .hasValueSatisfying(failure -> assertThat(failure).contains("time limit of PT0.1S"));
    }

    private Migrator limited(Migration migration) {
        return fleet.migrator(
                builder -> builder.attemptTimeout(Duration.ofMillis(100)).leaseTtl(Duration.ofMillis(600)), migration);
    }

    @Test
    void aPartThatCouldNotNoticeIsDoneAlthoughTheReplicaCloses() throws InterruptedException {
        CountDownLatch closing = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(KbMigration.of(1, "finish", (context, kbId) -> {
            entered.countDown();
            closing.await();
        }));
        migrator.start();
        entered.await();
        Thread closer = new Thread(() -> migrator.close(Duration.ofSeconds(10)));
        closer.start();
        MemoryFleet.await().until(() -> !migrator.readiness().ready());
        TimeUnit.MILLISECONDS.sleep(100);
        closing.countDown();
        closer.join();
        assertThat(fleet.version("kb-0")).isEqualTo(1);
    }

    @Test
    void aGlobalPartThatCouldNotNoticeIsDoneAlthoughTheReplicaCloses() throws InterruptedException {
        CountDownLatch closing = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(GlobalMigration.of(1, "finish", context -> {
            entered.countDown();
            closing.await();
        }));
        migrator.start();
        entered.await();
        Thread closer = new Thread(() -> migrator.close(Duration.ofSeconds(10)));
        closer.start();
        MemoryFleet.await().until(() -> !migrator.readiness().ready());
        TimeUnit.MILLISECONDS.sleep(100);
        closing.countDown();
        closer.join();
        assertThat(fleet.memory.documents("global/"))
                .singleElement()
                .extracting(Document::json)
                .asString()
                .contains("\"done\":true");
    }

    /** The epoch may still be current then, so that nothing but the rule keeps it from being recorded. */
    @Test
    void aGlobalPartThatReturnsAfterItsLeaseWasLostIsNotDone() throws InterruptedException {
        CountDownLatch left = new CountDownLatch(1);
        Migrator migrator = fleet.migrator(
                builder -> builder.leaseTtl(Duration.ofMillis(600)), GlobalMigration.of(1, "stop", context -> {
                    entered.countDown();
                    Stopping.CATCHES_THE_INTERRUPT.workUntilStopped(context);
                    left.countDown();
                }));
        migrator.start();
        entered.await();
        fleet.lockCalls.fail(() -> new IllegalStateException("the lock service is away"));
        left.await();
        migrator.close(Duration.ofSeconds(2));
        assertThat(fleet.memory.documents("global/"))
                .allSatisfy(record -> assertThat(record.json()).doesNotContain("\"done\":true"));
    }
}
