package dev.kbmigrator.example.archive.migrations;

import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.example.archive.ArchiveDatabase;
import dev.kbmigrator.example.archive.ArchiveFiles;
import dev.kbmigrator.example.archive.ArchivedFile;
import dev.kbmigrator.example.archive.Journal;
import dev.kbmigrator.example.archive.Verdict;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Compares the files of a KB with the digests that were published beside them. What does not match, or has no digest, is a
 * finding about the data: the migration has done its work all the same.
 */
public final class M0002_VerifyDigests implements KbMigration {

    @Override
    public void migrateKb(MigrationContext context, String kbId) throws Exception {
        context.service(Journal.class).began(context, kbId);
        ArchiveFiles files = context.service(ArchiveFiles.class);
        ArchiveDatabase database = context.service(ArchiveDatabase.class);
        Map<String, Verdict> verdicts = new LinkedHashMap<>();
        for (ArchivedFile file : database.files(kbId)) {
            verdicts.put(file.name(), files.verdict(kbId, file));
        }
        database.judge(kbId, verdicts);
    }
}
