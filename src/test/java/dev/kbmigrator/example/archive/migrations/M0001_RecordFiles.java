package dev.kbmigrator.example.archive.migrations;

import com.google.common.collect.Lists;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.example.archive.ArchiveDatabase;
import dev.kbmigrator.example.archive.ArchiveFiles;
import dev.kbmigrator.example.archive.ArchivedFile;
import dev.kbmigrator.example.archive.Journal;
import java.util.ArrayList;
import java.util.List;

/** Records the size and the SHA-1 of every file of a KB, a page at a time. */
public final class M0001_RecordFiles implements KbMigration {

    private static final int PAGE = 4;

    @Override
    public void migrateKb(MigrationContext context, String kbId) throws Exception {
        context.service(Journal.class).began(context, kbId);
        ArchiveFiles files = context.service(ArchiveFiles.class);
        ArchiveDatabase database = context.service(ArchiveDatabase.class);
        String last = context.lastCheckpoint(String.class).orElse("");
        for (List<String> names : Lists.partition(files.after(kbId, last), PAGE)) {
            List<ArchivedFile> page = new ArrayList<>();
            for (String name : names) {
                context.checkCancelled();
                files.read(kbId, name).ifPresent(page::add);
            }
            database.record(kbId, page);
            context.saveCheckpoint(names.get(names.size() - 1));
        }
    }
}
