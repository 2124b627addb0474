package dev.kbmigrator.jdbc;

import dev.kbmigrator.spi.Epoch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes a document in a transaction that ends with the fence. */
final class StandardDocumentSql extends DocumentSql {

    private final Database database;
    private final EpochFence fence;

    StandardDocumentSql(Database database, Statements statements) {
        super(database, statements);
        this.database = database;
        this.fence = new EpochFence(statements);
    }

    @Override
    boolean compareAndSet(String name, long expectedRevision, @Nullable String json, @Nullable Epoch epoch) {
        try {
            return database.transaction("change the document " + name, connection -> {
                boolean changed = compareAndSet(connection, name, expectedRevision, json);
                if (changed && epoch != null) {
                    fence.check(connection, List.of(epoch));
                }
                return changed;
            });
        } catch (EpochFence.StaleEpoch e) {
            return false;
        }
    }
}
