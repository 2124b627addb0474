package dev.kbmigrator.example.archive;

import dev.kbmigrator.MigrationContext;
import java.sql.SQLException;

/**
 * Notes each start of a KB's part in the archive's own table, so that what a killed replica cost can be told afterwards.
 *
 * @param database the archive's database
 * @param replica who starts them
 */
public record Journal(ArchiveDatabase database, String replica) {

    /** Notes that a part begins. */
    public void began(MigrationContext context, String kbId) throws SQLException {
        database.began(kbId, context.version(), replica);
    }
}
