package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.InvalidKbIdException;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.KnowledgeBoxes;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationCancelledException;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.MigrationInfo;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.MigratorListener;
import dev.kbmigrator.spi.Storage;
import dev.kbmigrator.support.LogCapture;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What hosts get wrong: ids, lists, errors of every kind, listeners, executors. */
@SuppressWarnings("NullAway")
class BadInputTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet();

    @RegisterExtension
    final LogCapture log = new LogCapture();

    private MigrationFailedException failureOf(Migrator migrator) {
        return catchThrowableOfType(MigrationFailedException.class, migrator::run);
    }

    /** Throws for the KB {@code bad} and records the others. */
    private KbMigration throwing(Supplier<? extends Throwable> error) {
        return KbMigration.of(1, "throw", (context, kbId) -> {
            if (kbId.equals("bad")) {
                throwAny(error.get());
            }
            fleet.ran.add("1/" + kbId);
        });
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void throwAny(Throwable error) throws T {
        throw (T) error;
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "  \n", "nul\0", "lone\uD800", "\uDC00lone"})
    void anIdThatCannotBeKeptIsRefusedEverywhere(String kbId) {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(() -> migrator.registerKb(kbId)).isInstanceOf(InvalidKbIdException.class);
        assertThatThrownBy(() -> migrator.migrateKb(kbId)).isInstanceOf(InvalidKbIdException.class);
        assertThatThrownBy(() -> migrator.skipKb(kbId, 1, "why")).isInstanceOf(InvalidKbIdException.class);
        assertThatThrownBy(() -> migrator.forgetKb(kbId)).isInstanceOf(InvalidKbIdException.class);
        assertThat(fleet.storeCalls.calls).isEmpty();
    }

    @Test
    void anIdThatIsTooLongIsRefusedWithItsStart() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        assertThatThrownBy(() -> migrator.registerKb("x".repeat(10_000)))
                .isInstanceOf(InvalidKbIdException.class)
                .satisfies(e -> assertThat(e.getMessage())
                        .contains("xxx", "10000 UTF-8 bytes", "255")
                        .hasSizeLessThan(300));
        assertThatThrownBy(() -> migrator.registerKb("é".repeat(128))).isInstanceOf(InvalidKbIdException.class);
        migrator.registerKb("é".repeat(127));
    }

    @Test
    void badIdsInTheListAreReportedAndTheOthersGoOn() {
        List<String> odd =
                List.of("it's", "a \"b\"", "line\nbreak", "emoji 🎉", "x".repeat(255), "ÀÀ", "àà", "a ", "a");
        fleet.kbs.addAll(odd);
        fleet.kbs.addAll(Arrays.asList("", " ", "nul\0", "lone\uD800", "y".repeat(10_000), "a", "a", "it's"));
        List<String> withNull =
                Stream.concat(fleet.kbs.stream(), Stream.of((String) null)).toList();
        Migrator migrator = fleet.migrator(builder -> builder.knowledgeBoxes(withNull::stream), fleet.recording(1));
        migrator.run();
        assertThat(fleet.ran)
                .containsExactlyInAnyOrderElementsOf(
                        odd.stream().map(kbId -> "1/" + kbId).toList());
        assertThat(log.messages(Level.ERROR)).hasSize(6);
    }

    @Test
    void manyBadIdsDoNotFloodTheLog() {
        Migrator migrator = fleet.migrator(
                builder ->
                        builder.knowledgeBoxes(() -> Stream.generate(() -> " ").limit(10_000)),
                fleet.recording(1));
        migrator.run();
        assertThat(log.messages(Level.ERROR)).hasSize(11).last().asString().contains("10000");
    }

    @Test
    void aMissingArgumentIsNamed() {
        Migrator migrator = fleet.migrator(fleet.recording(1));
        Map<String, ThrowingCallable> calls = Map.of(
                "timeout", () -> migrator.close(null),
                "connection", () -> migrator.registerKb(null, "kb"),
                "replicaId", () -> migrator.forgetReplica(null),
                "storage", () -> Migrator.builder().storage((Storage) null),
                "type", () -> Migrator.builder().service(null, "service"),
                "service", () -> Migrator.builder().service(String.class, null),
                "hostExecutor", () -> Migrator.builder().executor(null),
                "ttl", () -> Migrator.builder().leaseTtl(null));
        calls.forEach((name, call) ->
                assertThatNullPointerException().isThrownBy(call).withMessage(name));
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> migrator.pause(null), () -> migrator.abandonTarget(null), () -> migrator.skipKb("kb", 1, null))) {
            assertThatNullPointerException().isThrownBy(call).withMessage("reason");
        }
        assertThat(fleet.storeCalls.calls).isEmpty();
        migrator.close(Duration.ofSeconds(-1));
    }

    @Test
    void aListThatBreaksHalfWayCountsAsFarAsItGot() {
        fleet.withKbs(30);
        KnowledgeBoxes breaking =
                () -> Stream.concat(fleet.kbs.stream(), Stream.of("last").peek(last -> {
                    throw new IllegalStateException("connection reset");
                }));
        Migrator migrator = fleet.migrator(
                builder -> builder.knowledgeBoxes(breaking), fleet.recording(1), fleet.recordingGlobal(2));
        MigrationFailedException error = failureOf(migrator);
        assertThat(error).hasMessageContaining("connection reset").hasMessageContaining("30 ids");
        assertThat(error.report().kbMigrations()).isEqualTo(30);
        assertThat(fleet.ran)
                .as("the global part waits for a complete list")
                .hasSize(30)
                .doesNotContain("2/");
        assertThat(migrator.status().waitingFor())
                .anySatisfy(reason -> assertThat(reason).contains("connection reset"));
        Migrator mended = fleet.migrator(fleet.recording(1), fleet.recordingGlobal(2));
        assertThat(mended.run().currentVersion()).isEqualTo(2);
    }

    @Test
    void aListThatIsNullOrThrowsAnErrorIsReported() {
        assertThat(failureOf(fleet.migrator(builder -> builder.knowledgeBoxes(() -> null), fleet.recording(1))))
                .hasMessageContaining("list of KBs failed");
        assertThat(failureOf(fleet.migrator(
                        builder -> builder.knowledgeBoxes(() -> {
                            throw new NoClassDefFoundError("com/example/Dao");
                        }),
                        fleet.recording(1))))
                .hasMessageContaining("com/example/Dao");
    }

    @Test
    void aListIsAskedAgainInTheBackground() {
        fleet.withKbs(3);
        boolean[] broken = {true};
        Migrator migrator = fleet.migrator(
                builder -> builder.knowledgeBoxes(() -> {
                            if (broken[0]) {
                                throw new AssertionError("not yet");
                            }
                            return fleet.kbs.stream();
                        })
                        .backoff(Duration.ofMillis(10), Duration.ofMillis(50)),
                fleet.recording(1));
        migrator.start();
        MemoryFleet.await()
                .until(() -> log.messages(Level.WARN).stream().anyMatch(message -> message.contains("list of KBs")));
        broken[0] = false;
        MemoryFleet.await().until(() -> migrator.status().currentVersion() == 1);
        assertThat(fleet.ran).hasSize(3);
    }

    @Test
    void aHostThatCannotTellWhichKbsExistHoldsNothingUp() {
        fleet.withKbs(3);
        for (Throwable error : List.of(new IllegalStateException("no"), new NoClassDefFoundError("Dao"))) {
            fleet.ran.clear();
            KnowledgeBoxes host = new KnowledgeBoxes() {
                @Override
                public Stream<String> ids() {
                    return fleet.kbs.stream();
                }

                @Override
                public Collection<String> existing(Collection<String> kbIds) {
                    BadInputTest.<RuntimeException>throwAny(error);
                    return kbIds;
                }
            };
            long version = error instanceof Error ? 2 : 1;
            fleet.migrator(
                            builder -> builder.knowledgeBoxes(host),
                            Stream.of(fleet.recording(1), fleet.recording(2))
                                    .limit(version)
                                    .toArray(Migration[]::new))
                    .run();
            assertThat(fleet.ran).hasSize(3);
        }
    }

    static Stream<Throwable> errors() {
        return Stream.of(
                new StackOverflowError(),
                new AssertionError("assumed"),
                new NoClassDefFoundError("com/example/Gone"),
                new InterruptedException("not ours"),
                new MigrationCancelledException("made up by the migration"),
                new Throwable("neither"),
                new Unspeakable());
    }

    /** Its own methods throw. */
    private static final class Unspeakable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String getMessage() {
            throw new IllegalStateException("no message");
        }

        @Override
        public String toString() {
            throw new AssertionError("no text");
        }
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("errors")
    void whateverAMigrationThrowsIsRecordedAndTheOthersGoOn(Throwable thrown) {
        fleet.withKbs(20).kbs.add("bad");
        MigrationFailedException error = failureOf(fleet.migrator(throwing(() -> thrown)));
        assertThat(error.report().kbMigrations()).isEqualTo(20);
        assertThat(error.report().failures()).singleElement().satisfies(failure -> {
            assertThat(failure.kbId()).isEqualTo("bad");
            assertThat(failure.error())
                    .contains(thrown.getClass().getSimpleName())
                    .hasSizeLessThanOrEqualTo(2_000);
        });
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("errors")
    void whateverAGlobalPartThrowsIsRecorded(Throwable thrown) {
        Migrator migrator =
                fleet.migrator(GlobalMigration.of(1, "throw", context -> BadInputTest.<Exception>throwAny(thrown)));
        assertThat(failureOf(migrator).report().globalFailure())
                .hasValueSatisfying(failure -> assertThat(failure)
                        .contains("0001_throw", thrown.getClass().getSimpleName()));
    }

    @Test
    void anErrorWithAHugeMessageIsCut() {
        fleet.kbs.add("bad");
        MigrationFailedException error =
                failureOf(fleet.migrator(throwing(() -> new IllegalStateException("x\0\uD800".repeat(1_000_000)))));
        assertThat(error.report().failures().get(0).error())
                .hasSizeLessThanOrEqualTo(2_000)
                .doesNotContain("\0")
                .doesNotContain("\uD800");
        assertThat(error.getMessage()).hasSizeLessThan(5_000);
    }

    @Test
    void aListenerThatThrowsHurtsNothing() {
        fleet.withKbs(20).kbs.add("bad");
        fleet.storeCalls.calls.clear();
        MigratorListener hostile = new MigratorListener() {
            @Override
            public void kbMigrated(String kbId, long version) {
                throw new NoClassDefFoundError("com/example/Metrics");
            }

            @Override
            public void kbFailed(String kbId, MigrationInfo migration, Throwable error, Duration retryAfter) {
                throw new IllegalStateException("listener");
            }

            @Override
            public void globalFailed(MigrationInfo migration, Throwable error, Duration retryAfter) {
                throw new StackOverflowError();
            }

            @Override
            public void versionReached(long version) {
                throw new AssertionError("listener");
            }

            @Override
            public void standingBy(String reason) {
                throw new AssertionError("listener");
            }
        };
        MigrationFailedException error = failureOf(
                fleet.migrator(builder -> builder.listener(hostile), throwing(() -> new IllegalStateException("bad"))));
        assertThat(error.report().kbMigrations()).isEqualTo(20);
        assertThat(failureOf(fleet.migrator(
                                builder -> builder.listener(hostile), throwing(() -> new IllegalStateException("bad"))))
                        .report()
                        .failureCount())
                .isEqualTo(1);
    }

    @Test
    void aMigrationThatLeavesItsThreadInterruptedHurtsNoOther() {
        fleet.withKbs(50);
        KbMigration interrupting = KbMigration.of(1, "interrupt", (context, kbId) -> {
            if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException("interrupted by the one before");
            }
            Thread.currentThread().interrupt();
        });
        assertThat(fleet.migrator(builder -> builder.kbConcurrency(1), interrupting)
                        .run()
                        .kbMigrations())
                .isEqualTo(50);
    }
}
