package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@SuppressWarnings("NullAway")
class CheckpointTest {

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(1);

    /** What an earlier build saved. */
    public record Old(int page, String key) {}

    /** What a later one expects. */
    public record Changed(Map<String, Integer> pages) {}

    /** Cannot be written: it holds itself. */
    public static final class Circular {
        public Circular getSelf() {
            return this;
        }
    }

    /** Cannot be written: its getter throws. */
    public static final class Hostile {
        public String getValue() {
            return List.of("a").get(1);
        }
    }

    /** Runs the body as a KB part; what it throws comes back as the recorded failure. */
    private Optional<String> errorOf(KbMigration.Part body) {
        Migrator migrator = fleet.migrator(KbMigration.of(1, "checkpoint", body));
        try {
            migrator.run();
            return Optional.empty();
        } catch (MigrationFailedException e) {
            return Optional.of(e.report().failures().get(0).error());
        }
    }

    /** Saves in a first attempt, fails it, and reads in a second one. */
    private <T> T readBack(Object saved, Class<T> type) {
        AtomicReference<T> read = new AtomicReference<>();
        KbMigration migration = KbMigration.of(1, "checkpoint", (context, kbId) -> {
            if (context.attempt() == 1) {
                context.saveCheckpoint(saved);
                throw new IllegalStateException("half-way");
            }
            read.set(context.lastCheckpoint(type).orElse(null));
        });
        Migrator migrator = fleet.migrator(migration);
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        migrator.run();
        return read.get();
    }

    @Test
    void theNextAttemptReadsWhatTheLastOneSaved() {
        assertThat(readBack(new Old(3, "it's \0 \n 🎉"), Old.class)).isEqualTo(new Old(3, "it's \0 \n 🎉"));
    }

    @Test
    void aLoneSurrogateComesBackAsItWas() {
        assertThat(readBack("\uD800 a \uDC00", String.class)).isEqualTo("\uD800 a \uDC00");
        assertThat(fleet.memory.count(1)).isZero();
    }

    @Test
    void whatIsKeptOfALoneSurrogateIsWellFormed() {
        AtomicReference<@Nullable String> stored = new AtomicReference<>();
        errorOf((context, kbId) -> {
            context.saveCheckpoint("\uD800 a \uDC00");
            var attempt = fleet.memory.find(List.of(kbId)).get(kbId).record();
            stored.set(attempt == null ? null : attempt.checkpoint());
        });
        assertThat(stored.get()).isEqualTo("\"\\uD800 a \\uDC00\"");
    }

    @Test
    void nullIsNoCheckpoint() {
        assertThat(readBack(null, String.class)).isNull();
    }

    @Test
    void thereIsNoneAtFirst() {
        List<Optional<String>> seen = new ArrayList<>();
        assertThat(errorOf((context, kbId) -> {
                    seen.add(context.lastCheckpoint(String.class));
                    context.saveCheckpoint("a");
                    context.saveCheckpoint("b");
                    seen.add(context.lastCheckpoint(String.class));
                }))
                .isEmpty();
        assertThat(seen).containsExactly(Optional.empty(), Optional.of("b"));
    }

    @Test
    void oneThatCannotBeWrittenIsAClearError() {
        for (Object bad : List.of(new Circular(), new Hostile(), new Object())) {
            assertThat(errorOf((context, kbId) -> context.saveCheckpoint(bad)))
                    .hasValueSatisfying(error -> assertThat(error)
                            .contains("CheckpointException", bad.getClass().getName(), "cannot be written"));
            fleet.advance(Duration.ofSeconds(1));
        }
    }

    @Test
    void theLargestIsKeptAndOneByteMoreIsRefused() {
        assertThat(errorOf((context, kbId) -> {
                    context.saveCheckpoint("é".repeat(32 * 1024 - 1));
                    context.saveCheckpoint("é".repeat(32 * 1024 - 1) + "x");
                }))
                .hasValueSatisfying(error -> assertThat(error).contains("65537 bytes", "65536"));
    }

    @Test
    void oneThatAChangedClassCannotReadIsAClearErrorEachTime() {
        AtomicInteger attempts = new AtomicInteger();
        KbMigration.Part body = (context, kbId) -> {
            attempts.incrementAndGet();
            context.lastCheckpoint(Changed.class);
            context.saveCheckpoint(new Old(1, "k"));
            throw new IllegalStateException("first");
        };
        assertThat(errorOf(body)).hasValueSatisfying(error -> assertThat(error).contains("first"));
        fleet.advance(Duration.ofSeconds(1));
        assertThat(errorOf(body))
                .hasValueSatisfying(error ->
                        assertThat(error).contains("CheckpointException", Changed.class.getName(), "\"page\""));
        assertThat(attempts).hasValue(2);
    }

    @Test
    void itGoesWithTheVersionThatItBelongsTo() {
        AtomicReference<Optional<String>> seen = new AtomicReference<>();
        fleet.migrator(
                        KbMigration.of(1, "save", (context, kbId) -> context.saveCheckpoint("of version 1")),
                        KbMigration.of(2, "read", (context, kbId) -> seen.set(context.lastCheckpoint(String.class))))
                .run();
        assertThat(seen.get()).isEmpty();
    }

    @Test
    void aGlobalPartHasThemToo() {
        List<String> seen = new ArrayList<>();
        Migrator migrator = fleet.migrator(GlobalMigration.of(1, "save", context -> {
            seen.add(context.lastCheckpoint(String.class).orElse("nothing"));
            context.saveCheckpoint("attempt " + context.attempt());
            if (context.attempt() < 3) {
                throw new IllegalStateException("half-way");
            }
        }));
        assertThat(catchThrowableOfType(MigrationFailedException.class, migrator::run)
                        .report()
                        .globalFailure())
                .hasValueSatisfying(failure -> assertThat(failure).contains("half-way"));
        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        assertThat(migrator.run().globalMigrations()).containsExactly(1L);
        assertThat(seen).containsExactly("nothing", "attempt 1", "attempt 2");
    }
}
