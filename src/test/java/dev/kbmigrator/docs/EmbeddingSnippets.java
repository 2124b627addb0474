package dev.kbmigrator.docs;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationFailedException;
import dev.kbmigrator.Migrations;
import dev.kbmigrator.Migrator;
import dev.kbmigrator.docs.Acme.Blobs;
import dev.kbmigrator.docs.Acme.Injector;
import dev.kbmigrator.docs.Acme.KbTable;
import dev.kbmigrator.docs.WritingMigrationsSnippets.M0012_BackfillFileMd5;
import dev.kbmigrator.docs.WritingMigrationsSnippets.M0013_WriteUsageReport;
import dev.kbmigrator.jdbc.JdbcStorage;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;

/** What a host does with migrations, of {@code docs/writing-migrations.md}. */
interface EmbeddingSnippets {

    static Migrations inPackage() {
        // region in package
        Migrations found = Migrations.inPackage("com.acme.migrations");
        // endregion
        return found;
    }

    static Migrations withFactory(Injector injector) {
        // region factory
        Migrations injected = Migrations.inPackage("com.acme.migrations", injector::getInstance);
        // endregion
        return injected;
    }

    static Migrations serviceLoader() {
        // region service loader
        Migrations provided = Migrations.fromServiceLoader();
        // endregion
        return provided;
    }

    static Migrations listed() {
        // region list
        Migrations listed = Migrations.of(
                new M0012_BackfillFileMd5(),
                new M0013_WriteUsageReport(),
                KbMigration.of(14, "trim_titles", (context, kbId) -> trimTitles(kbId)));
        // endregion
        return listed;
    }

    private static void trimTitles(String kbId) {
        if (kbId.isEmpty()) {
            throw new IllegalArgumentException("a KB has an id");
        }
    }

    static Migrator build(DataSource dataSource, KbTable kbTable, Blobs blobs) {
        // region services
        Migrator migrator = Migrator.builder()
                .migrations(Migrations.inPackage("com.acme.migrations"))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(kbTable::streamIds)
                .service(Blobs.class, blobs)
                .build();
        // endregion
        return migrator;
    }

    static Migrator adopt(DataSource dataSource, KbTable kbTable) {
        // region baseline
        Migrator migrator = Migrator.builder()
                .migrations(Migrations.inPackage("com.acme.migrations"))
                .storage(JdbcStorage.create(dataSource))
                .knowledgeBoxes(kbTable::streamIds)
                .baselineVersion(11)
                .build();
        // endregion
        return migrator;
    }

    static void create(Migrator migrator, KbTable kbTable, String kbId) {
        // region register
        migrator.registerKb(kbId);
        kbTable.insert(kbId);
        // endregion
    }

    // region register in a transaction
    static void createInTransaction(Migrator migrator, DataSource dataSource, KbTable kbTable, String kbId)
            throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            kbTable.insert(connection, kbId);
            migrator.registerKb(connection, kbId);
            connection.commit();
        }
    }
    // endregion

    static void runAtDeploy(Migrator migrator, Logger log) {
        // region failures
        try {
            migrator.run();
        } catch (MigrationFailedException e) {
            e.report().failures().forEach(failure -> log.error("{}", failure));
        }
        // endregion
    }
}
