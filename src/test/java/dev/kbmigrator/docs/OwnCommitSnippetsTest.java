package dev.kbmigrator.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import dev.kbmigrator.spi.AttemptCommit;
import dev.kbmigrator.spi.Epoch;
import dev.kbmigrator.spi.KbWrite;
import dev.kbmigrator.spi.Partitions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** The part in {@code docs/implementing-the-spis.md} that commits its own writes over a store without SQL. */
class OwnCommitSnippetsTest {

    /** A key-value store that has the host's titles and the state of the migrations, and commits them together. */
    static final class NotesStore extends MemoryStateStore {

        final Map<String, String> titles = new ConcurrentHashMap<>();
        Runnable beforeCommit = () -> {};
        Runnable afterCommit = () -> {};

        NotesStore() {
            super(() -> ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now()));
        }

        String title(String kbId) {
            return Objects.requireNonNull(titles.get(kbId));
        }

        /** All or nothing: one monitor here, one conditional commit in a real store. */
        boolean commit(Epoch epoch, KbWrite outcome, Map<String, String> newTitles) {
            beforeCommit.run();
            synchronized (this) {
                var result = write(Set.of(epoch), List.of(outcome));
                if (!result.staleScopes().isEmpty() || !result.exceptions().isEmpty()) {
                    return false;
                }
                titles.putAll(newTitles);
            }
            afterCommit.run();
            return true;
        }
    }

    // region own commit
    static final class M0001_CapitalTitles implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            AttemptCommit attempt = (AttemptCommit) context;
            NotesStore store = context.service(NotesStore.class);
            String title = store.title(kbId).toUpperCase(Locale.ROOT);
            attempt.checkMayCommit();
            KbWrite outcome =
                    new KbWrite.Advanced(kbId, attempt.incarnation(), attempt.fromVersion(), context.version());
            if (!store.commit(attempt.epoch(), outcome, Map.of(kbId, title))) {
                throw new IllegalStateException("superseded: another attempt is in charge of KB " + kbId);
            }
            attempt.committed();
        }
    }
    // endregion

    private final NotesStore store = new NotesStore();

    OwnCommitSnippetsTest() {
        store.titles.put("kb", "notes");
    }

    private Migrator migrator() {
        return Migrator.builder()
                .migrations(Migrations.of(new M0001_CapitalTitles()))
                .storage(store, MemoryLock.create())
                .knowledgeBoxes(() -> store.titles.keySet().stream())
                .service(NotesStore.class, store)
                .build();
    }

    @Test
    void theWritesAndTheOutcomeAreCommittedTogether() {
        try (Migrator migrator = migrator()) {
            assertThat(migrator.run().kbMigrations()).isEqualTo(1);
        }
        assertThat(store.title("kb")).isEqualTo("NOTES");
        assertThat(store.count(1)).isZero();
    }

    /** Another replica opens the next epoch while the part runs. */
    @Test
    void aSupersededAttemptWritesNothing() {
        String[] seen = new String[1];
        store.beforeCommit = () -> {
            store.beforeCommit = () -> seen[0] = store.title("kb");
            store.openEpochs(Set.of(Partitions.of("kb")));
        };
        try (Migrator migrator = migrator()) {
            runTwice(migrator);
        }
        assertThat(seen[0]).as("the title after the superseded attempt").isEqualTo("notes");
        assertThat(store.title("kb")).isEqualTo("NOTES");
    }

    /** The host deletes the KB and makes it anew while the part runs. */
    @Test
    void anAttemptAtAnEarlierIncarnationWritesNothing() {
        String[] seen = new String[1];
        store.beforeCommit = () -> {
            store.beforeCommit = () -> seen[0] = store.title("kb");
            store.remove(List.of("kb"));
            store.enroll(List.of("kb"), 0);
            store.titles.put("kb", "new notes");
        };
        try (Migrator migrator = migrator()) {
            runTwice(migrator);
        }
        assertThat(seen[0]).as("the title after the attempt at the deleted KB").isEqualTo("new notes");
        assertThat(store.title("kb")).isEqualTo("NEW NOTES");
    }

    /** The commit took effect, but its answer was lost: the engine reads the outcome back and runs the part no second time. */
    @Test
    void aCommitWhoseAnswerWasLostIsReadBack() {
        int[] commits = new int[1];
        store.afterCommit = () -> {
            commits[0]++;
            throw new IllegalStateException("the connection was lost");
        };
        try (Migrator migrator = migrator()) {
            runTwice(migrator);
        }
        assertThat(store.title("kb")).isEqualTo("NOTES");
        assertThat(commits[0]).isEqualTo(1);
    }

    private static void runTwice(Migrator migrator) {
        try {
            migrator.run();
        } catch (MigrationFailedException e) {
            migrator.run();
        }
    }
}
