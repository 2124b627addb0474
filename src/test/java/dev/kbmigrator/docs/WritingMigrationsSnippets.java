package dev.kbmigrator.docs;

import dev.kbmigrator.GlobalMigration;
import dev.kbmigrator.KbMigration;
import dev.kbmigrator.Migration;
import dev.kbmigrator.MigrationContext;
import dev.kbmigrator.docs.Acme.Blob;
import dev.kbmigrator.docs.Acme.BlobPage;
import dev.kbmigrator.docs.Acme.Blobs;
import dev.kbmigrator.docs.Acme.Reports;
import dev.kbmigrator.docs.Acme.Search;
import java.time.Duration;
import java.util.Optional;

/** The migrations of {@code docs/writing-migrations.md}. */
interface WritingMigrationsSnippets {

    // region kb migration
    final class M0012_BackfillFileMd5 implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            Blobs blobs = context.service(Blobs.class);
            for (Blob blob : blobs.withoutMd5(kbId)) {
                blobs.setMd5(kbId, blob.key(), blob.computeMd5());
            }
        }
    }
    // endregion

    // region global migration
    final class M0013_WriteUsageReport implements GlobalMigration {
        @Override
        public void migrate(MigrationContext context) throws Exception {
            context.service(Reports.class).writeUsage();
        }
    }
    // endregion

    // region both parts
    final class M0014_MoveToNewIndex implements Migration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            context.service(Search.class).copyToNewIndex(kbId);
        }

        @Override
        public void migrate(MigrationContext context) throws Exception {
            context.service(Search.class).serveFromNewIndex();
        }
    }
    // endregion

    // region checkpoint
    record Position(String lastKey, long blobsDone) {}

    final class M0015_RewriteBlobs implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            Blobs blobs = context.service(Blobs.class);
            Position position = context.lastCheckpoint(Position.class).orElse(new Position("", 0));
            for (BlobPage page : blobs.pagesAfter(kbId, position.lastKey())) {
                for (Blob blob : page.blobs()) {
                    blobs.rewrite(kbId, blob);
                }
                position = new Position(
                        page.lastKey(), position.blobsDone() + page.blobs().size());
                context.progress(position.blobsDone() + " blobs");
                context.saveCheckpoint(position);
            }
        }
    }
    // endregion

    // region cancellation
    static void copyLargeBlob(MigrationContext context, Blob blob) throws Exception {
        for (byte[] part : blob.parts()) {
            context.checkCancelled();
            blob.copy(part);
        }
    }
    // endregion

    // region timeout
    final class M0016_RebuildThumbnails implements KbMigration {
        @Override
        public Optional<Duration> timeout() {
            return Optional.of(Duration.ofMinutes(10));
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            context.service(Blobs.class).rebuildThumbnails(kbId);
        }
    }
    // endregion

    // region fencing token
    final class M0017_PublishManifest implements KbMigration {
        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            context.service(Blobs.class).putManifest(kbId, context.fencingToken());
        }
    }
    // endregion

    // region full rollout
    final class M0018_DropOldFormat implements KbMigration {
        @Override
        public boolean requiresFullRollout() {
            return true;
        }

        @Override
        public void migrateKb(MigrationContext context, String kbId) throws Exception {
            context.service(Blobs.class).deleteOldFormat(kbId);
        }
    }
    // endregion
}
