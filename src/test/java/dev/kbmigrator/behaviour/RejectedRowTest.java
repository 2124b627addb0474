package dev.kbmigrator.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kbmigrator.CheckpointException;
import dev.kbmigrator.KbFailure;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbState;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.StateStoreException;
import dev.kbmigrator.spi.StateStoreException.Kind;
import dev.kbmigrator.spi.WriteResult;
import dev.kbmigrator.support.MemoryFleet;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that does not accept some rows, and never will. */
@Timeout(60)
class RejectedRowTest {

    private static final int KBS = 200;

    @RegisterExtension
    final MemoryFleet fleet = new MemoryFleet().withKbs(KBS);

    private final Map<String, Integer> attempts = new ConcurrentHashMap<>();
    private volatile Predicate<KbWrite> rejects = write -> false;
    private volatile Kind kind = Kind.DATA;

    private final MemoryStateStore picky = new MemoryStateStore(fleet::nowMicros) {
        @Override
        public synchronized WriteResult write(Collection<Epoch> epochs, List<KbWrite> writes) {
            if (writes.stream().anyMatch(rejects)) {
                throw new StateStoreException(kind, "no equivalent in the encoding", null);
            }
            return super.write(epochs, writes);
        }
    };

    private Migrator migrator(KbMigration.Part part) {
        return fleet.migrator(
                builder -> builder.storage(picky, fleet.lock).leaseTtl(Duration.ofSeconds(3)),
                KbMigration.of(1, "one", (context, kbId) -> {
                    attempts.put(kbId, context.attempt());
                    part.migrateKb(context, kbId);
                }));
    }

    private KbState state(String kbId) {
        return Objects.requireNonNull(picky.find(Set.of(kbId)).get(kbId));
    }

    private void onlyKb7IsBehind() {
        for (String kbId : fleet.kbs) {
            assertThat(state(kbId).version()).as(kbId).isEqualTo(kbId.equals("kb-7") ? 0 : 1);
        }
    }

    private static MigrationFailedException failureOf(Migrator migrator) {
        return catchThrowableOfType(MigrationFailedException.class, migrator::run);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"DATA", "UNKNOWN"})
    void theOthersContinueAndTheKbIsShownAsFailing(Kind thrown) {
        kind = thrown;
        rejects = write -> write instanceof KbWrite.Advanced && write.kbId().equals("kb-7");
        Migrator migrator = migrator((context, kbId) -> {});
        MigrationFailedException failed = failureOf(migrator);
        onlyKb7IsBehind();
        assertThat(failed.report().failureCount()).isEqualTo(1);
        assertThat(failed.report().failures()).singleElement().satisfies(failure -> {
            assertThat(failure.kbId()).isEqualTo("kb-7");
            assertThat(failure.failures()).as("no attempt has failed").isZero();
            assertThat(failure.error())
                    .contains("the migration returned normally")
                    .contains("no equivalent in the encoding");
            assertThat(failure.nextAttempt()).isPresent();
        });
        assertThat(migrator.status().failures()).extracting(KbFailure::kbId).containsExactly("kb-7");
        failureOf(migrator);
        assertThat(attempts.get("kb-7")).as("it counts as no attempt").isEqualTo(1);
        rejects = write -> false;
        assertThat(migrator.run().failureCount()).isZero();
        assertThat(state("kb-7").version()).isEqualTo(1);
    }

    @Test
    void anErrorThatCannotBeStoredIsReduced() {
        rejects = write ->
                write instanceof KbWrite.Failed failed && failed.error().contains("€");
        MigrationFailedException failed = failureOf(migrator((context, kbId) -> {
            if (kbId.equals("kb-7")) {
                throw new IllegalStateException("price is 5 €");
            }
        }));
        onlyKb7IsBehind();
        assertThat(failed.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.error()).contains("price is 5 \\u20ac"));
        assertThat(Objects.requireNonNull(state("kb-7").record()).failures()).isEqualTo(1);
    }

    @Test
    void aKbOfWhichNothingCanBeStoredIsShownInWaitingFor() {
        rejects = write -> write.kbId().equals("kb-7");
        Migrator migrator = migrator((context, kbId) -> {});
        MigrationFailedException failed = failureOf(migrator);
        assertThat(failed).hasMessageContaining("KB kb-7 failed at version 1, and the state store does not accept");
        onlyKb7IsBehind();
        migrator.close();
        picky.remove(fleet.kbs);
        AtomicInteger runs = new AtomicInteger();
        Migrator background = migrator((context, kbId) -> {
            if (kbId.equals("kb-7")) {
                runs.incrementAndGet();
            }
        });
        fleet.kbs.forEach(kbId -> picky.enroll(Set.of(kbId), 0));
        background.start();
        MemoryFleet.await()
                .untilAsserted(() -> assertThat(background.status().waitingFor())
                        .anySatisfy(reason -> assertThat(reason).startsWith("KB kb-7 failed at version 1, and the")));
        MemoryFleet.await().until(() -> runs.get() == 2);
        onlyKb7IsBehind();
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"DATA", "UNKNOWN"})
    void aCheckpointThatCannotBeStoredFailsThatKbOnly(Kind thrown) {
        kind = thrown;
        rejects = write -> write instanceof KbWrite.Checkpointed saved
                && saved.checkpoint().contains("€");
        Map<String, Throwable> seen = new ConcurrentHashMap<>();
        Migrator migrator = migrator((context, kbId) -> {
            try {
                context.saveCheckpoint(kbId.equals("kb-7") ? "5 €" : "5");
            } catch (CheckpointException e) {
                seen.put(kbId, e);
                throw e;
            }
        });
        MigrationFailedException failed = failureOf(migrator);
        onlyKb7IsBehind();
        assertThat(seen).containsOnlyKeys("kb-7");
        assertThat(seen.get("kb-7"))
                .hasMessageContaining("does not accept the checkpoint of")
                .hasMessageContaining("no equivalent in the encoding");
        assertThat(failed.report().failures())
                .singleElement()
                .satisfies(failure -> assertThat(failure.failures()).isEqualTo(1));
    }

    @Test
    void aFleetOfOneKbEndsWithTheError() {
        fleet.kbs.removeIf(kbId -> !kbId.equals("kb-7"));
        rejects = write -> true;
        Migrator migrator = fleet.migrator(
                builder -> builder.storage(picky, fleet.lock).leaseTtl(Duration.ofMillis(500)),
                KbMigration.of(1, "one", (context, kbId) -> {}));
        org.assertj.core.api.Assertions.assertThatThrownBy(migrator::run)
                .hasMessageContaining("cannot work on partitions: nothing can be recorded of 1 KBs, such as kb-7: no");
        assertThat(state("kb-7").record()).isNull();
    }
}
