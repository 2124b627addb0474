package dev.kbmigrator.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.memory.MemoryLock;
import dev.kbmigrator.memory.MemoryStateStore;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The tests of {@code docs/writing-migrations.md}, which run. */
class TestingSnippetsTest {

    /** A host's data, so small that a map is enough. */
    record Titles(Map<String, String> byKb) {}

    // region tested migration
    static final class M0001_TrimTitles implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            context.service(Titles.class).byKb().computeIfPresent(kbId, (id, title) -> title.strip());
            if (context.attempt() == 1 && kbId.equals("kb-2")) {
                throw new IllegalStateException("the connection was lost");
            }
        }
    }
    // endregion

    // region test
    @Test
    void titlesAreTrimmedEvenWhenThePartRunsTwice() {
        Titles titles = new Titles(new ConcurrentHashMap<>(Map.of("kb-1", " one", "kb-2", "two ")));
        Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(new M0001_TrimTitles()))
                .storage(MemoryStateStore.create(), MemoryLock.create())
                .knowledgeBoxes(() -> Stream.of("kb-1", "kb-2"))
                .service(Titles.class, titles)
                .build();

        assertThatThrownBy(migrator::run).isInstanceOf(MigrationFailedException.class);
        migrator.run();

        assertThat(titles.byKb()).containsOnly(Map.entry("kb-1", "one"), Map.entry("kb-2", "two"));
        migrator.close();
    }
    // endregion
}
