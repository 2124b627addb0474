package dev.kbmigrator.docs;

import dev.kbmigrator.Migration;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;

/** The made-up host of the documents. */
interface Acme {

    /** The host's table of KBs. */
    interface KbTable {
        Stream<String> streamIds();

        void insert(String kbId);

        void insert(Connection connection, String kbId) throws SQLException;
    }

    /** The host's files. */
    interface Blobs {
        List<Blob> withoutMd5(String kbId);

        void setMd5(String kbId, String key, String md5);

        Iterable<BlobPage> pagesAfter(String kbId, String lastKey);

        void rewrite(String kbId, Blob blob);

        void rebuildThumbnails(String kbId);

        void putManifest(String kbId, long fencingToken);

        void deleteOldFormat(String kbId);
    }

    /** A file. */
    interface Blob {
        String key();

        String computeMd5();

        Iterable<byte[]> parts();

        void copy(byte[] part);
    }

    /** Some files. */
    record BlobPage(List<Blob> blobs, String lastKey) {}

    /** The host's search. */
    interface Search {
        void copyToNewIndex(String kbId);

        void serveFromNewIndex();
    }

    /** The host's reports. */
    interface Reports {
        void writeUsage();
    }

    /** The host's dependency injection. */
    interface Injector {
        Migration getInstance(Class<? extends Migration> type);
    }
}
