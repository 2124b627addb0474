package dev.kbmigrator.docs;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.jdbc.JdbcStorage;
import java.time.Duration;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** The Java of {@code README.md}. */
interface ReadmeSnippets {

    /** The host's table of KBs. */
    interface KbTable {
        Stream<String> streamIds();

        void insert(String kbId);

        void delete(String kbId);

        boolean hasSlug(String kbId);

        String title(String kbId);

        void setSlug(String kbId, String slug);
    }

    // region first migration
    final class M0001_AddSlugs implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) {
            KbTable kbs = context.service(KbTable.class);
            if (!kbs.hasSlug(kbId)) {
                kbs.setSlug(kbId, kbs.title(kbId).strip().replace(' ', '-'));
            }
        }
    }
    // endregion

    static Migrator start(DataSource dataSource, KbTable kbTable) {
        // region embedding
        Migrator migrator = Migrator.builder()
                .migrations(Migrations.of(new M0001_AddSlugs()))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(kbTable::streamIds)
                .service(KbTable.class, kbTable)
                .build();

        migrator.start();
        // endregion
        return migrator;
    }

    static void create(Migrator migrator, KbTable kbTable, String kbId) {
        // region create
        migrator.registerKb(kbId);
        kbTable.insert(kbId);
        // endregion
    }

    static void delete(Migrator migrator, KbTable kbTable, String kbId) {
        // region delete
        kbTable.delete(kbId);
        migrator.forgetKb(kbId);
        // endregion
    }

    static void stop(Migrator migrator) {
        // region stop
        migrator.close(Duration.ofSeconds(20));
        // endregion
    }
}
